"""Converts values of the wire to values for handlers, by the `format` of their schema."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from handlers.http.messages import format_message

# No JSON of the contract is deeper, and code that compares and stores it may recurse.
_DEPTH = 20
_DAY_LENGTH = len("2026-01-31")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(format_message("date")) from None


def _date_time(text: str) -> datetime:
    """An aware UTC time; a text without an offset is UTC.

    RFC 3339 allows `t` and `z`. `9999-12-31T23:59:00-12:00` is a valid date-time that has no UTC
    time before the year 10000.
    """
    try:
        moment = datetime.fromisoformat(text.upper())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(format_message("date-time")) from None


def _moment(text: str) -> date | datetime:
    """A day, or an aware UTC time; a space before the offset stands for `+`.

    An unescaped `+` in a query becomes a space, and no other text of the format ends like this.
    """
    if len(text) == _DAY_LENGTH:
        return _date(text)
    day, time = text[: _DAY_LENGTH + 1], text[_DAY_LENGTH + 1 :]
    return _date_time(day + time.replace(" ", "+"))


def _json(text: str) -> Any:
    """A JSON value without NUL, which PostgreSQL can't store."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = "\0"
    if not _is_storable(value, _DEPTH):
        raise ValueError(format_message("json"))
    return value


def _is_storable(value: Any, depth: int) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    if not isinstance(value, dict | list):
        return True
    members = [*value, *value.values()] if isinstance(value, dict) else value
    return depth > 0 and all(_is_storable(member, depth - 1) for member in members)


def _unchanged(value: Any) -> Any:
    return value


_BY_FORMAT: dict[str, Callable[[str], Any]] = {
    "date": _date,
    "date-time": _date_time,
    "moment": _moment,
    "uuid": UUID,
    "decimal": Decimal,
    # Stored in lower case; clients may send any case.
    "currency": str.lower,
    "json": _json,
}


def converter(schema: Mapping[str, Any]) -> Callable[[Any], Any]:
    """The converter of valid values of ``schema`` to values for handlers.

    It raises ValueError, with the message for the client, for a value that matches its format and
    has no Python value.
    """
    return _BY_FORMAT.get(schema.get("format", ""), _unchanged)
