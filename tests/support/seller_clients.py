"""Sellers over HTTP, with a database that only records its queries."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, TypeVar

from domain.seller_center.lists import Sort
from domain.sellers.callers import Scope
from domain.sellers.sellers import Seller
from domain.sellers.tokens import SellerToken, TokenHolder, create_seller_token
from domain.shared.cursors import Cursor
from domain.shared.filters import Condition
from domain.shared.paging import DocumentPage, PageRequest
from tests.support.builders import NOW, make_seller
from tests.support.fakes import holder_of
from tests.support.seller_views import document

LISTS = {
    "/api/i1/orders/": "seller_orders",
    "/api/i1/order-items/": "seller_order_items",
    "/api/i1/cancellation-plans/": "seller_cancellation_plans",
    "/api/i1/customer-addresses/": "seller_customer_addresses",
}

Result = TypeVar("Result")
_pks = count(1)


@dataclass
class FakeRows:
    """Rows in one order, whatever the query; ``last_query`` has its seller, conditions and sort."""

    views: list[Any] = field(default_factory=list)
    last_query: tuple[int, tuple[Condition, ...], Sort] | None = None

    def can_sort(self, _field: str) -> bool:
        return True

    def page(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        page: PageRequest,
        _language: str,
    ) -> DocumentPage:
        self.last_query = seller_pk, tuple(conditions), sort
        views = self.views[page.offset : page.offset + page.limit]
        return DocumentPage(len(self.views), page.number, page.limit, list(map(document, views)))

    def after(
        self,
        seller_pk: int,
        conditions: Sequence[Condition],
        sort: Sort,
        cursor: Cursor | None,
        limit: int,
        _language: str,
    ) -> tuple[list[bytes], Cursor | None]:
        self.last_query = seller_pk, tuple(conditions), sort
        start = cursor.pk if cursor else 0
        end = start + limit
        last = Cursor(None, end) if end < len(self.views) else None
        return list(map(document, self.views[start:end])), last


@dataclass
class FakeTokens:
    stored: list[SellerToken] = field(default_factory=list)
    uses: list[tuple[int, date]] = field(default_factory=list)

    def add(self, token: SellerToken) -> None:
        token.pk = next(_pks)
        self.stored.append(token)

    def holder(self, token_hash: bytes) -> TokenHolder | None:
        for token in self.stored:
            if token.token_hash == token_hash and token.revoked_date is None:
                return holder_of(token)
        return None

    def record_use(self, pk: int, day: date) -> None:
        self.uses.append((pk, day))
        next(entry for entry in self.stored if entry.pk == pk).last_used_day = day


@dataclass
class FakeSellers:
    stored: list[Seller] = field(default_factory=list)

    def by_slug(self, slug: str) -> Seller | None:
        return next((entry for entry in self.stored if entry.slug == slug), None)


class FakeSellerDatabase:
    """The parts of a database and a unit of work that the operations of sellers use."""

    def __init__(self) -> None:
        self.now: datetime = NOW
        self.sellers = FakeSellers()
        self.seller_tokens = FakeTokens()
        self.rows = {name: FakeRows() for name in LISTS.values()}

    @contextmanager
    def reading(self, _begun: Any = None) -> Iterator[Any]:
        yield SimpleNamespace(
            now=self.now,
            sellers=self.sellers,
            seller_tokens=self.seller_tokens,
            commit=lambda: None,
            **self.rows,
        )

    writing = reading

    def prefetching(
        self, _read: Callable[[Any], object], _reader: object
    ) -> AbstractContextManager[Any]:
        return self.reading()

    def write(self, work: Callable[[Any], Result]) -> Result:
        with self.writing() as uow:
            return work(uow)

    def write_best_effort(self, work: Callable[[Any], object]) -> None:
        with self.writing() as uow:
            work(uow)

    def seller(self) -> Seller:
        seller = make_seller(pk=next(_pks))
        self.sellers.stored.append(seller)
        return seller

    def token(
        self, seller: Seller | None = None, scopes: Sequence[Scope] = tuple(Scope), days: int = 30
    ) -> str:
        """The value of a new token; by default of a new seller, with all scopes."""
        slug = (seller or self.seller()).slug
        with self.writing() as uow:
            return create_seller_token(slug, "stock", scopes, timedelta(days=days), uow)[1]

    def conditions(self, path: str) -> tuple[Condition, ...]:
        """The conditions of the last query of the list at ``path``."""
        last_query = self.rows[LISTS[path]].last_query
        assert last_query is not None
        return last_query[1]
