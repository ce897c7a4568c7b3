"""From values of the wire to values of the handlers, by the `format` of their schema."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from handlers.contract.messages import format_message

# No JSON of the contract is as deep, and what compares and stores it may follow it by recursion.
_DEPTH = 20


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(format_message("date")) from None


def _date_time(text: str) -> datetime:
    """An aware UTC time; a text without a zone is UTC.

    RFC 3339 knows `t` and `z`, too. `9999-12-31T23:59:00-12:00` is a valid date-time that no
    database can keep in UTC.
    """
    try:
        moment = datetime.fromisoformat(text.upper())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(format_message("date-time")) from None


def _day_or_moment(text: str) -> date | datetime:
    return _date(text) if len(text) == len("2026-01-31") else _date_time(text)


def _json(text: str) -> Any:
    """A JSON value without NUL, which is text that PostgreSQL can't hold."""
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


_BY_FORMATS: dict[frozenset[str], Callable[[str], Any]] = {
    frozenset({"date"}): _date,
    frozenset({"date-time"}): _date_time,
    frozenset({"date", "date-time"}): _day_or_moment,
    frozenset({"uuid"}): UUID,
    frozenset({"decimal"}): Decimal,
    # A code that is written in lower case, and may be given in any.
    frozenset({"currency"}): str.lower,
    frozenset({"json"}): _json,
}


def converter(schema: Mapping[str, Any]) -> Callable[[Any], Any]:
    """What turns a valid value of ``schema`` into what handlers get.

    The converter raises ValueError, with the sentence for the client, for a value that fits its
    format and yet has no meaning.
    """
    parts = schema.get("anyOf", (schema,))
    formats = frozenset(part["format"] for part in parts if "format" in part)
    return _BY_FORMATS.get(formats, _unchanged)
