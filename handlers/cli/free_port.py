"""Checks that the server can listen on its host and port."""

import click

from handlers.serving.server import require_free
from handlers.settings import Settings


def require_free_port(settings: Settings) -> None:
    """Raises ClickException, which names host and port."""
    try:
        require_free(settings.host, settings.port)
    except OSError as error:
        place, reason = f"{settings.host}:{settings.port}", str(error.strerror).partition(" (")[0]
        raise click.ClickException(f"Can't listen on {place}: {reason}.") from error
