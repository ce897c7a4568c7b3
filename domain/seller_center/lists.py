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
    """A seller's query of a list.

    ``ordering`` is a field or ``-field``, or empty for the default. A ``cursor`` selects cursor
    paging with ``limit`` entries (empty: from the beginning); None selects the numbered ``page``.
    """

    conditions: tuple[Condition, ...] = ()
    ordering: str = ""
    page: PageRequest | None = None
    cursor: str | None = None
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort order by one field; None: by pk alone.

    NULLs last in both directions, text by code point, ties by pk, newest first.
    """

    field: str | None
    descending: bool = True


class SellerRows(Protocol):
    """Stored rows of one kind; a seller sees only their own.

    Documents come from a reading unit of work only, and none is older than the statement that
    selected it.
    """

    def can_sort(self, field: str) -> bool:
        """Return whether the rows can be sorted by ``field``."""

    def page(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        page: PageRequest,
        language: str,
    ) -> DocumentPage:
        """Return one page, empty past the end, and the total count."""

    def after(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        cursor: Cursor | None,
        limit: int,
        language: str,
    ) -> tuple[list[bytes], Cursor | None]:
        """Return the documents after a cursor, or the first ones, and the next cursor.

        Raises InvalidInput for a cursor that does not fit the sort.
        """


def list_rows(
    caller: SellerCaller, query: SellerQuery, default: Sort, language: str, rows: SellerRows
) -> DocumentPage | CursorPage[bytes]:
    """Return the page of the caller's rows that ``query`` selects.

    Raises InvalidInput for an unknown sort field and for a cursor of another list or order, and
    InvalidPage.
    """
    sort = _sort(query.ordering, rows) or default
    seller_pk, conditions = caller.seller_pk, query.conditions
    if query.cursor is not None:
        cursor = decode_cursor(query.cursor, query.ordering) if query.cursor else None
        entries, last = rows.after(seller_pk, conditions, sort, cursor, query.limit, language)
        following = None if last is None else encode_cursor(last, query.ordering)
        return CursorPage(entries, following)
    page = query.page or PageRequest(limit=query.limit)
    page.require_positive()
    documents = rows.page(seller_pk, conditions, sort, page, language)
    page.require_within(documents.count)
    return documents


def _sort(ordering: str, rows: SellerRows) -> Sort | None:
    if not ordering:
        return None
    field = ordering.removeprefix("-")
    if not rows.can_sort(field):
        raise InvalidInput(
            "This is not a field to sort by.", code="invalid_ordering", field="ordering"
        )
    return Sort(field, descending=field != ordering)
