"""Lists of a distributed database: the same as on one node, and read from one node."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from domain.cancellations.decisions import approve_request
from domain.orders.states import OrderState
from domain.seller_center.lists import Sort
from domain.sellers.callers import Scope
from domain.sellers.sellers import Seller
from domain.sellers.tokens import authenticate_token, create_seller_token
from domain.shared.filters import Condition, Operator
from domain.shared.paging import PageRequest
from domain.unit_of_work import UnitOfWork
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.orders.seller_copies import LINES
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from persistence.seller_center.lists import SellerList
from tests.persistence.seller_center.test_lists import ALL
from tests.persistence.seller_center.test_seller_orders import Sale
from tests.support import citus
from tests.support.seller_market import Market
from tests.support.stored import plan_of, store_user
from tests.support.stored_sellers import list_page

Filter = tuple[str, str, Operator, Any]

FILTERS: list[Filter] = [
    ("seller_orders", "number", Operator.ICONTAINS, "STRA"),
    ("seller_orders", "status", Operator.EXACT, OrderState.PACKAGED.seller_code),
    ("seller_orders", "has_gift_box", Operator.EXACT, True),
    ("seller_order_items", "order__number", Operator.CONTAINS, "-1"),
    ("seller_order_items", "price_currency", Operator.EXACT, "kwd"),
    ("seller_cancellation_plans", "order__number", Operator.CONTAINS, "W"),
    ("seller_cancellation_plans", "payment_plan", Operator.EXACT, {"a": 1, "b": [1, 2.5, None]}),
    ("seller_customer_addresses", "is_active", Operator.EXACT, True),
    ("seller_customer_addresses", "line", Operator.CONTAINS, "W"),
]


@pytest.fixture
def engines(distributed: Database, distributed_url: str) -> Iterator[Engines]:
    engines = connect(distributed_url, Pool(2))
    yield engines
    engines.dispose()


@pytest.fixture
def market(distributed: Database) -> Market:
    return Market(distributed)


def both(
    monkeypatch: pytest.MonkeyPatch, database: Database, resource: str, seller: Seller, **query: Any
) -> tuple[Any, Any]:
    """Return a page of the copies, and the page of the rows."""
    copied = list_page(database, resource, seller, **query)
    with monkeypatch.context() as patch:
        patch.setattr(SellerList, "definition", lambda listing, _: listing.of_rows)
        return copied, list_page(database, resource, seller, **query)


@citus.one_node("Citus can not sort some rows of all nodes")
@pytest.mark.parametrize("query", [{"page": PageRequest(limit=500)}, {"cursor": "", "limit": 500}])
def test_are_the_same_in_any_order(
    monkeypatch: pytest.MonkeyPatch, distributed: Database, market: Market, query: dict[str, Any]
) -> None:
    for resource, name in ALL:
        for ordering in (name, f"-{name}"):
            copied, rows = both(
                monkeypatch, distributed, resource, market.seller, ordering=ordering, **query
            )
            assert copied == rows
            assert len(copied.entries) >= len(market.orders) - 2


@pytest.mark.parametrize("used", FILTERS, ids=lambda used: f"{used[0]}-{used[1]}")
def test_are_the_same_with_filters(
    monkeypatch: pytest.MonkeyPatch, distributed: Database, market: Market, used: Filter
) -> None:
    resource, *condition_of = used
    condition = Condition(*condition_of)

    copied, rows = both(monkeypatch, distributed, resource, market.seller, conditions=(condition,))

    assert copied == rows
    assert 0 < copied.count <= len(market.orders)


def test_of_plans_have_the_same_lines(
    monkeypatch: pytest.MonkeyPatch, distributed: Database, engines: Engines
) -> None:
    sale = Sale(distributed, engines, store_user(distributed).pk)
    sale.decide(sale.request(), approve_request)
    line = Condition("order_items", Operator.EXACT, sale.order.items[0].uuid)

    copied, rows = both(
        monkeypatch, distributed, "seller_cancellation_plans", sale.sellers[0], conditions=(line,)
    )

    assert copied == rows
    assert [plan.order_items for plan in copied.entries] == [(sale.order.items[0].uuid,)]


@pytest.mark.parametrize("listing", LIST_DEFINITIONS.values(), ids=LIST_DEFINITIONS.keys())
def test_have_the_same_fields(listing: SellerList[Any]) -> None:
    rows, copies = listing.of_rows, listing.of_copies

    def operators(definition: Any) -> dict[str, Any]:
        return {
            name: (field.operators, field.sorting and field.sorting.is_nullable)
            for name, field in definition._fields.items()
        }

    assert operators(copies) == operators(rows)
    assert copies.shown.keys() == rows.shown.keys()


@citus.only_distributed
class TestNodes:
    QUERIES: tuple[dict[str, Any], ...] = (
        {},
        {"cursor": ""},
        {"ordering": "created_at", "page": PageRequest(2, 2)},
    )

    @pytest.mark.parametrize("resource", LIST_DEFINITIONS)
    def test_each_statement_is_one_task(
        self,
        distributed: Database,
        engines: Engines,
        market: Market,
        statements: list[tuple[str, Any]],
        resource: str,
    ) -> None:
        conditions = [
            [Condition(path, operator, value)]
            for name, path, operator, value in FILTERS
            if name == resource
        ]
        statements.clear()
        for query in self.QUERIES:
            if resource != "seller_customer_addresses" or "ordering" not in query:
                list_page(distributed, resource, market.seller, **query)
        for condition in conditions:
            list_page(distributed, resource, market.seller, condition)

        assert len(statements) >= 2 * (len(self.QUERIES) - 1 + len(conditions))
        assert {tasks(engines, *statement) for statement in [*statements]} == {("1",)}

    def test_so_is_each_statement_of_a_request(
        self,
        distributed: Database,
        engines: Engines,
        market: Market,
        statements: list[tuple[str, Any]],
    ) -> None:
        with distributed.writing() as uow:
            slug = market.seller.slug
            value = create_seller_token(slug, "ERP", [*Scope], timedelta(days=1), uow)[1]

        def read(pk: int, uow: UnitOfWork) -> Any:
            return uow.seller_orders.page(pk, (), Sort("created_at"), PageRequest(), "en-us")

        statements.clear()
        with distributed.prefetching(lambda uow: read(-1, uow)) as uow:
            caller: Any = authenticate_token(value, uow)
            assert read(caller.seller_pk, uow).count == len(market.orders)

        # The token, the page, and what the documents show.
        assert len(statements) == 3
        assert {tasks(engines, *statement) for statement in [*statements]} <= {("1",), ()}

    def test_so_is_each_statement_of_a_rejection(
        self, distributed: Database, engines: Engines, statements: list[tuple[str, Any]]
    ) -> None:
        sale = Sale(distributed, engines, store_user(distributed).pk)
        sale.decide(sale.request(line=2), approve_request)
        statements.clear()
        sale.reject()

        commands = {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"}
        sent = [(text, values) for text, values in statements if text.split()[0] in commands]
        assert len(sent) > 10
        assert {tasks(engines, *statement) for statement in sent} <= {("1",), ()}


def test_a_rejected_line_is_found_by_its_copy(distributed: Database, engines: Engines) -> None:
    sale = Sale(distributed, engines, store_user(distributed).pk)
    line, seller = sale.order.items[0], sale.sellers[0]

    def found() -> int | None:
        with distributed.writing() as uow:
            order = uow.orders.lock_by_seller(line.uuid, seller.pk)
            return None if order is None else order.pk

    assert found() == sale.order.pk
    copies = LINES.table
    with engines.writing.begin() as connection:
        connection.execute(sa.delete(copies).where(copies.c.seller_pk == seller.pk))
    assert found() is None


def tasks(engines: Engines, statement: str, values: Any) -> tuple[str, ...]:
    """Return the number of tasks of each part of the plan; rows on all nodes need none."""
    return tuple(re.findall(r"Task Count: (\d+)", plan_of(engines, statement, values)))
