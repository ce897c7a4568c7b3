"""Refuses weak secrets: signatures are only as strong as the secret is hard to guess."""

import zlib

import click

from handlers.cli.error_reporting import NEW_SECRET

# Words of placeholders in examples and templates.
_PLACEHOLDERS = ("change", "default", "example", "insecure", "password", "replace")
# Compressed size: 32 random hexadecimal digits need 28 bytes, a repeated word at most 13.
_MIN_BYTES = 20


def require_strong(secret: str) -> None:
    """Raises ClickException for a secret that is repetitive or a placeholder."""
    if (
        any(word in secret.lower() for word in _PLACEHOLDERS)
        or _compressed_size(secret) < _MIN_BYTES
    ):
        raise click.ClickException(f"WAYBILL_SECRET can be guessed. Make one: {NEW_SECRET}")


def _compressed_size(secret: str) -> int:
    """The compressed size of the secret in bytes, without the overhead of the format."""
    return len(zlib.compress(secret.encode(), 9)) - len(zlib.compress(b""))
