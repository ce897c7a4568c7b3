"""Reading column values from PostgreSQL's JSON."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from persistence.sql.columns import UtcDateTime

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def json_reader(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """Return the function that converts a JSON value to the column's type; None if none is needed.

    It is not called for NULL.
    """
    if isinstance(kind, sa.JSON):
        return None
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return {member.value: member for member in kind.enum_class}.__getitem__
    for known, read in _READERS.items():
        if isinstance(kind, known):
            return read
    if isinstance(kind, sa.types.TypeDecorator):
        return lambda value: kind.process_result_value(value, _DIALECT)
    return None


def _utc(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("\\x"))


_READERS: dict[type, Callable[[Any], Any]] = {
    UtcDateTime: _utc,
    sa.Date: date.fromisoformat,
    sa.Time: time.fromisoformat,
    sa.Uuid: UUID,
    sa.LargeBinary: _bytes,
}
