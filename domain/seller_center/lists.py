"""Lists for sellers: filtered, sorted, in numbered pages or by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.sellers.callers import SellerCaller
from domain.shared.cursors import Cursor, decode_cursor, encode_cursor
from domain.shared.errors import InvalidInput
from domain.shared.filters import Condition
from domain.shared.paging import DEFAULT_LIMIT, CursorPage, DocumentPage, PageRequest


@dataclass(frozen=True, slots=True)
class SellerQuery:
    """What a seller asks of a list.

    ``ordering`` is a field or ``-field``, empty for the list's own. A ``cursor`` that is not None
    asks for paging by cursor with ``limit`` entries at once, an empty one for its beginning; else
    ``page`` says which.
    """

    conditions: tuple[Condition, ...] = ()
    ordering: str = ""
    page: PageRequest | None = None
    cursor: str | None = None
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Sort:
    """One field, upwards or downwards; None: by pk alone.

    Rows without a value come last either way, text goes by code point, ties by pk, newest first.
    """

    field: str | None
    descending: bool = True


class SellerRows(Protocol):
    """Stored rows of one kind, of which each seller sees their own, whatever the conditions.

    Documents come from a reading unit of work only, and none is older than the statement that
    chose it.
    """

    def can_sort(self, field: str) -> bool:
        """Say whether the rows can be sorted by ``field``."""

    def page(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        page: PageRequest,
        language: str,
    ) -> DocumentPage:
        """Return one page, empty where there is none so far down, and the number of all."""

    def after(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        cursor: Cursor | None,
        limit: int,
        language: str,
    ) -> tuple[list[bytes], Cursor | None]:
        """Return documents after a cursor, or the first ones, and where the next ones begin.

        Raises InvalidInput for a cursor that does not fit the sort.
        """


def list_rows(
    caller: SellerCaller, query: SellerQuery, default: Sort, language: str, rows: SellerRows
) -> DocumentPage | CursorPage[bytes]:
    """Return what ``query`` asks for of the caller's rows.

    Raises InvalidInput for a field that can not be sorted by and for a cursor that was not made
    by this list in this order, and InvalidPage.
    """
    sort = _sort(query.ordering, rows) or default
    seller_pk, conditions = caller.seller_pk, query.conditions
    if query.cursor is not None:
        cursor = decode_cursor(query.cursor, query.ordering) if query.cursor else None
        documents, last = rows.after(seller_pk, conditions, sort, cursor, query.limit, language)
        following = None if last is None else encode_cursor(last, query.ordering)
        return CursorPage(documents, following)
    page = query.page or PageRequest(limit=query.limit)
    page.require_positive()
    found = rows.page(seller_pk, conditions, sort, page, language)
    page.require_within(found.count)
    return found


def _sort(ordering: str, rows: SellerRows) -> Sort | None:
    if not ordering:
        return None
    field = ordering.removeprefix("-")
    if not rows.can_sort(field):
        raise InvalidInput(
            "This is not a field to sort by.", code="invalid_ordering", field="ordering"
        )
    return Sort(field, descending=field != ordering)
