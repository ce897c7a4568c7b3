"""Turns errors of commands into one line on standard error, and exit code 1."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from domain.shared.errors import Refusal, Unavailable
from domain.shared.readiness import NotReady, SchemaMismatch
from handlers.adapters.plain_text import one_line

NEW_SECRET = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"  # noqa: S105 - makes one
_SQLITE = "sqlite:///"
_EXTRA = "%s needs the package %s. Install waybill[%s], or in a checkout: %s"
_PIP = "python3 -m pip install --requirement requirements/%s.txt"
_REDIS = _EXTRA % ("WAYBILL_LIMITS_STORAGE", "redis", "redis", _PIP % "redis")
_FAKER = _EXTRA % ("The demo shop", "faker", "demo", _PIP % "demo")


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn expected errors into ClickExceptions. Every command runs in this block."""
    try:
        yield
    except Exception as error:
        message = error_message(error)
        if message is None:
            raise
        raise click.ClickException(message) from error


@contextmanager
def report_database_errors(url: str) -> Iterator[None]:
    """Name the database, without its password, in errors that say that it can't be used."""
    try:
        yield
    except NotReady:
        raise
    except Unavailable as refusal:
        subject = f"The database {_location(url)}"
        raise click.ClickException(_database_message(subject, refusal)) from refusal


def error_message(error: Exception) -> str | None:
    """The message for an error; None for bugs, and for exceptions that click reports itself."""
    if isinstance(error, Refusal):
        return _refusal_message(error)
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return _file_message(error)
    if isinstance(error, click.ClickException | click.exceptions.Exit | click.Abort):
        return None
    # Imported here so that commands start faster: a command that raises them has imported them.
    from environs import EnvValidationError

    from handlers.contract.document.bundle import ContractError

    if isinstance(error, EnvValidationError):
        return "\n".join(settings_messages(error.error_messages))
    if isinstance(error, ContractError):
        return str(error)
    return _missing_extra(error)


def _missing_extra(error: Exception) -> str | None:
    """What to install, if the error is that an optional package is missing."""
    from limits.errors import ConfigurationError

    if isinstance(error, ModuleNotFoundError):
        return _FAKER if error.name == "faker" else None
    return _REDIS if isinstance(error, ConfigurationError) else None


def _refusal_message(refusal: Refusal) -> str:
    if isinstance(refusal, SchemaMismatch):
        return _schema_message(refusal)
    if isinstance(refusal, Unavailable) and not isinstance(refusal, NotReady):
        return _database_message("The database", refusal)
    message = refusal.message % refusal.params
    return f"{refusal.field}: {message}" if refusal.field else message


def _schema_message(refusal: SchemaMismatch) -> str:
    current, needed = str(refusal.params["found"]), str(refusal.params["needed"])
    message = refusal.message % refusal.params
    if current.isdigit() and current > needed:
        return f"{message} Run the newer release, or restore the backup made before it."
    return f"{message} Run: waybill migrate"


def _database_message(subject: str, refusal: Unavailable) -> str:
    cause = getattr(refusal.__cause__, "orig", None) or refusal.__cause__ or "it is busy"
    advice = ""
    if isinstance(cause, FileNotFoundError):
        advice = " Run waybill in the folder of its server, or begin with: waybill migrate"
    return f"{subject} can't be used: {first_line(str(cause))}.{advice}"


def first_line(text: str) -> str:
    """The first line of a driver's error: PostgreSQL's second one can contain a rejected value."""
    return one_line(text.strip().partition("\n")[0])


def _location(url: str) -> str:
    if url.startswith(_SQLITE):
        return str(Path(url.removeprefix(_SQLITE)).absolute())
    server = re.sub(r"^[^:]+://(?:[^:/]*(?::[^@]*)?@)?", "//", url)
    parts = urlsplit(server)
    return f"{parts.netloc}{parts.path}"


def settings_messages(errors: Any) -> list[str]:
    """One line per variable, with the reasons why its value is invalid."""
    lines = []
    for name, reasons in errors.items():
        line = f"{name}: {' '.join(one_line(str(reason)) for reason in reasons)}"
        if name in {"WAYBILL_SECRET", "WAYBILL_SECRET_PREVIOUS"}:
            line += f" Make one: {NEW_SECRET}"
        lines.append(line)
    return lines


def _file_message(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:
        return f"{reason}."
    return f"Can't use {Path(str(error.filename)).absolute()}: {reason}."
