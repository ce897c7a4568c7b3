"""Warnings of a command that starts, in the format of the log."""

import click
import structlog

from handlers.settings import LogFormat, Settings

_log = structlog.get_logger("waybill")


def warn(settings: Settings, event: str, text: str) -> None:
    """Print ``text`` on standard error, or log it as the hint of ``event`` in JSON."""
    if settings.log_format is LogFormat.JSON:
        _log.warning(event, hint=text)
    else:
        click.echo(f"Warning: {text}", err=True)
