"""Lists for sellers: filtered, sorted, in numbered pages or by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from domain.cursors import Cursor, decode_cursor, encode_cursor
from domain.errors import InvalidInput
from domain.filters import Condition
from domain.paging import DEFAULT_LIMIT, CursorPage, Page, PageRequest
from domain.seller_callers import SellerCaller

View_co = TypeVar("View_co", covariant=True)
View = TypeVar("View")


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


class SellerRows(Protocol[View_co]):
    """Stored rows of one kind, of which each seller sees their own, whatever the conditions."""

    def can_sort(self, field: str) -> bool:
        """Say whether the rows can be sorted by ``field``."""

    def count(self, seller_pk: int, conditions: Sequence[Condition]) -> int:
        """Return how many rows there are."""

    def page(
        self, seller_pk: int, conditions: Sequence[Condition], sort: Sort, page: PageRequest
    ) -> Sequence[View_co]:
        """Return one page of the rows."""

    def after(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        cursor: Cursor | None,
        limit: int,
    ) -> Sequence[tuple[View_co, Cursor]]:
        """Return the rows after a cursor, or the first ones, and the cursor that each stands at.

        Raises InvalidInput for a cursor that does not fit the sort.
        """


def list_rows(
    caller: SellerCaller, query: SellerQuery, default: Sort, rows: SellerRows[View]
) -> Page[View] | CursorPage[View]:
    """Return what ``query`` asks for of the caller's rows.

    Raises InvalidInput for a field that can not be sorted by and for a cursor that was not made
    by this list in this order, and InvalidPage.
    """
    sort = _sort(query.ordering, rows) or default
    seller_pk, conditions = caller.seller_pk, query.conditions
    if query.cursor is not None:
        cursor = decode_cursor(query.cursor, query.ordering) if query.cursor else None
        found = rows.after(seller_pk, conditions, sort, cursor, query.limit + 1)
        entries = [view for view, _ in found[: query.limit]]
        is_last = len(found) <= query.limit
        following = None if is_last else encode_cursor(found[query.limit - 1][1], query.ordering)
        return CursorPage(entries, following)
    page = query.page or PageRequest(limit=query.limit)
    count = rows.count(seller_pk, conditions)
    page.require_within(count)
    entries = list(rows.page(seller_pk, conditions, sort, page))
    return Page(count, page.number, page.limit, entries)


def _sort(ordering: str, rows: SellerRows[View]) -> Sort | None:
    if not ordering:
        return None
    field = ordering.removeprefix("-")
    if not rows.can_sort(field):
        raise InvalidInput(
            "This is not a field to sort by.", code="invalid_ordering", field="ordering"
        )
    return Sort(field, descending=field != ordering)
