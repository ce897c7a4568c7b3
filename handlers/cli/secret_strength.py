"""Whether a secret is one: signatures are worth as much as it is hard to guess."""

import zlib

import click

from handlers.cli.error_reporting import NEW_SECRET

# What examples and templates have in place of a secret.
_PLACEHOLDERS = ("change", "default", "example", "insecure", "password", "replace")
# Of what a compressor leaves: 32 random hexadecimal digits need 28, a repeated word at most 13.
_LEAST_BYTES = 20


def require_strong(secret: str) -> None:
    """Raises ClickException for a secret that repeats itself, or stands in place of one."""
    if any(word in secret.lower() for word in _PLACEHOLDERS) or _content(secret) < _LEAST_BYTES:
        raise click.ClickException(f"WAYBILL_SECRET can be guessed. Make one: {NEW_SECRET}")


def _content(secret: str) -> int:
    """How many bytes a compressor needs for it, without those that any text takes."""
    return len(zlib.compress(secret.encode(), 9)) - len(zlib.compress(b""))
