"""Cursors: positions in a list, after the row with this value and this pk."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.shared.errors import InvalidInput
from domain.shared.identifiers import MAX_PK, is_storable_pk
from domain.shared.search_text import is_searchable

MAX_CURSOR_LENGTH = 4000

SortValue = str | int | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """``value`` is the row's sort value, which may be None; ``pk`` breaks ties."""

    value: SortValue
    pk: int


def invalid_cursor() -> InvalidInput:
    return InvalidInput("This is not a cursor of this list.", code="invalid_cursor", field="cursor")


def encode_cursor(cursor: Cursor, ordering: str) -> str:
    """Encode a cursor of a list in this ordering as text for a URL."""
    value = cursor.value
    is_moment = isinstance(value, datetime)
    plain = value.isoformat() if isinstance(value, datetime) else value
    parts = [ordering, is_moment, plain, cursor.pk]
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str, ordering: str) -> Cursor:
    """Decode a cursor of ``encode_cursor``.

    Cursors are not signed, because a forged one reveals nothing: lists contain only the caller's
    rows. Raises InvalidInput for any other text and for another ordering.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        parts = json.loads(urlsafe_b64decode(padded.encode("ascii")))
        cursor_ordering, is_moment, plain, pk = parts
        value = _moment(plain) if is_moment else plain
    except (ValueError, TypeError, RecursionError):
        raise invalid_cursor() from None
    if len(text) > MAX_CURSOR_LENGTH or cursor_ordering != ordering or not _is_storable(value):
        raise invalid_cursor()
    if type(pk) is not int or not is_storable_pk(pk):
        raise invalid_cursor()
    return Cursor(value, pk)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not UTC:
        raise ValueError
    return moment


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        return is_searchable(value)
    if isinstance(value, int):
        return abs(value) <= MAX_PK
    return value is None or isinstance(value, datetime)
