"""From values of the wire to values of the handlers, by the `format` of their schema."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from handlers.contract.messages import format_message


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


def _unchanged(value: Any) -> Any:
    return value


_BY_FORMATS: dict[frozenset[str], Callable[[str], Any]] = {
    frozenset({"date"}): _date,
    frozenset({"date-time"}): _date_time,
    frozenset({"date", "date-time"}): _day_or_moment,
}


def converter(schema: Mapping[str, Any]) -> Callable[[Any], Any]:
    """What turns a valid value of ``schema`` into what handlers get.

    The converter raises ValueError, with the sentence for the client, for a value that fits its
    format and yet has no meaning.
    """
    parts = schema.get("anyOf", (schema,))
    formats = frozenset(part["format"] for part in parts if "format" in part)
    return _BY_FORMATS.get(formats, _unchanged)
