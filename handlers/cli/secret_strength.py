"""Refuses weak secrets: signatures are only as strong as the secret is hard to guess."""

import zlib

import click

from handlers.cli.error_reporting import NEW_SECRET

# Words of placeholders in examples and templates.
_PLACEHOLDERS = ("change", "default", "example", "insecure", "password", "replace")
# Compressed size: 32 random hexadecimal digits need 28 bytes, a repeated word at most 13.
_MIN_BYTES = 20


def require_strong(secret: str, variable: str = "WAYBILL_SECRET") -> None:
    """Raises ClickException, which names the variable, for a secret that can be guessed."""
    if not is_strong(secret):
        raise click.ClickException(f"{variable} can be guessed. Make one: {NEW_SECRET}")


def is_strong(secret: str) -> bool:
    """Whether a secret is neither repetitive nor a placeholder."""
    is_placeholder = any(word in secret.lower() for word in _PLACEHOLDERS)
    return not is_placeholder and _compressed_size(secret) >= _MIN_BYTES


def _compressed_size(secret: str) -> int:
    """The compressed size of the secret in bytes, without the overhead of the format."""
    return len(zlib.compress(secret.encode(), 9)) - len(zlib.compress(b""))
