"""What a command says when it can not do its work: one line, and exit code 1, for each cause."""

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
_REDIS = (
    "WAYBILL_LIMITS_STORAGE needs the package redis:"
    " python3 -m pip install --requirement requirements/redis.txt"
)


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Turns what keeps a command from its work into a ClickException. All commands run in it."""
    try:
        yield
    except Exception as error:
        message = _message(error)
        if message is None:
            raise
        raise click.ClickException(message) from error


@contextmanager
def database_named(url: str) -> Iterator[None]:
    """Says of a database that can't be used which one it is: without its password."""
    try:
        yield
    except NotReady:
        raise
    except Unavailable as refusal:
        place = f"The database {_place(url)}"
        raise click.ClickException(_of_database(place, refusal)) from refusal


def _message(error: Exception) -> str | None:
    """What to say of an error; None for one that is a mistake of the code, or click's to tell."""
    if isinstance(error, Refusal):
        return _of_refusal(error)
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return _of_file(error)
    if isinstance(error, click.ClickException | click.exceptions.Exit | click.Abort):
        return None
    # Commands start without these; one that raises them has imported them.
    from environs import EnvValidationError
    from limits.errors import ConfigurationError

    from handlers.contract.document.bundle import ContractError

    if isinstance(error, EnvValidationError):
        return _of_settings(error.error_messages)
    if isinstance(error, ContractError):
        return str(error)
    return _REDIS if isinstance(error, ConfigurationError) else None


def _of_refusal(refusal: Refusal) -> str:
    if isinstance(refusal, SchemaMismatch):
        return _of_schema(refusal)
    if isinstance(refusal, Unavailable) and not isinstance(refusal, NotReady):
        return _of_database("The database", refusal)
    message = refusal.message % refusal.params
    return f"{refusal.field}: {message}" if refusal.field else message


def _of_schema(refusal: SchemaMismatch) -> str:
    found, needed = str(refusal.params["found"]), str(refusal.params["needed"])
    message = refusal.message % refusal.params
    if found.isdigit() and found > needed:
        return f"{message} Run the newer release, or restore the backup made before it."
    return f"{message} Run: waybill migrate"


def _of_database(place: str, refusal: Unavailable) -> str:
    cause = getattr(refusal.__cause__, "orig", None) or refusal.__cause__ or "it is busy"
    advice = ""
    if isinstance(cause, FileNotFoundError):
        advice = " Run waybill in the folder of its server, or begin with: waybill migrate"
    # What PostgreSQL says of a value that it refuses repeats the value in its second line.
    return f"{place} can't be used: {one_line(str(cause).strip().partition(chr(10))[0])}.{advice}"


def _place(url: str) -> str:
    if url.startswith(_SQLITE):
        return str(Path(url.removeprefix(_SQLITE)).absolute())
    server = re.sub(r"^[^:]+://(?:[^:/]*(?::[^@]*)?@)?", "//", url)
    parts = urlsplit(server)
    return f"{parts.netloc}{parts.path}"


def _of_settings(faults: Any) -> str:
    """A line for each variable, with what is wrong with its value."""
    lines = []
    for name, reasons in faults.items():
        line = f"{name}: {' '.join(one_line(str(reason)) for reason in reasons)}"
        if name == "WAYBILL_SECRET":
            line += f" Make one: {NEW_SECRET}"
        lines.append(line)
    return "\n".join(lines)


def _of_file(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:
        return f"{reason}."
    return f"Can't use {Path(str(error.filename)).absolute()}: {reason}."
