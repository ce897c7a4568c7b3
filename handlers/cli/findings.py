"""What `waybill doctor` finds: one line each."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """An error keeps the server from working as it should; a warning is a risk, or unusual."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. ``message`` is one line; it says what to do, and shows no secret."""

    check: str
    status: Status
    message: str


def ok(check: str, message: str) -> Finding:
    return Finding(check, Status.OK, message)


def warning(check: str, message: str) -> Finding:
    return Finding(check, Status.WARNING, message)


def error(check: str, message: str) -> Finding:
    return Finding(check, Status.ERROR, message)
