"""The stored counts of sellers' orders are always correct."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from domain.accounts.users import User
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.seller_center.lists import Sort
from domain.sellers.sellers import Seller
from domain.shared.filters import Condition, Operator
from domain.shared.paging import PageRequest
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.seller_counts import SHARDS, seller_order_counts
from tests.persistence.imports.test_store import store
from tests.persistence.seller_center.test_seller_orders import CHANGES, Sale
from tests.support.builders import make_seller
from tests.support.documents import imported_order, line_document
from tests.support.stored_sellers import sold, store_sold, stored_counts, true_counts, two_sellers

WORKERS = 4
ROAD = (OrderState.PACKAGED, OrderState.SHIPPED, OrderState.DELIVERED)


@pytest.fixture
def sale(database: Database, engines: Engines, shopper: User) -> Sale:
    return Sale(database, engines, shopper.pk)


def count_of(database: Database, seller: Seller, *conditions: Condition, page: PageRequest) -> int:
    with database.reading() as uow:
        return uow.seller_orders.page(seller.pk, conditions, Sort(None), page, "en-us").count


def move(database: Database, order: Order, state: OrderState) -> None:
    def work(uow: Any) -> None:
        [locked] = uow.orders.lock_by_items([order.items[0].pk], None)
        locked.items[0].state = state
        uow.commit()

    database.write(work)


class TestStoredCounts:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
    def test_are_correct_after(self, sale: Sale, change: Callable[[Sale], object]) -> None:
        before = stored_counts(sale.engines)
        assert before == true_counts(sale.engines)
        assert sum(before.values()) == 2

        change(sale)

        assert stored_counts(sale.engines) == true_counts(sale.engines)

    def test_are_correct_after_every_state(
        self, database: Database, engines: Engines, shopper: User
    ) -> None:
        seller = make_seller()
        orders = store_sold(database, shopper.pk, *({"items": [sold(seller)]} for _ in range(3)))
        for state in ROAD:
            for order in orders:
                move(database, order, state)
                assert stored_counts(engines) == true_counts(engines)

    def test_are_created_and_updated_by_imports(self, database: Database, engines: Engines) -> None:
        for state, slug in (("waiting", "usta"), ("waiting", "usta"), ("shipped", "other")):
            lines = [line_document(state=state, seller={"slug": slug, "name": slug})]
            numbers = ("A", "B", "C")
            store(database, *(imported_order(number=number, items=lines) for number in numbers))

            assert stored_counts(engines) == true_counts(engines)
            assert sum(stored_counts(engines).values()) == len(numbers)

    def test_are_correct_after_concurrent_writes(
        self, database: Database, engines: Engines, shopper: User
    ) -> None:
        seller = make_seller()
        items = ([sold(seller)] for _ in range(2 * SHARDS))
        orders = store_sold(
            database, shopper.pk, *({"items": order_items} for order_items in items)
        )
        together = Barrier(WORKERS)

        def run(own: Sequence[Order]) -> None:
            together.wait()
            for state in ROAD:
                for order in own:
                    move(database, order, state)

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(run, [orders[start::WORKERS] for start in range(WORKERS)]))

        assert stored_counts(engines) == true_counts(engines)
        assert stored_counts(engines) == {
            (seller.pk, OrderState.DELIVERED.seller_code, slot): 2 for slot in range(SHARDS)
        }

    @pytest.mark.parametrize(
        ("change", "expected"), [("changing the shipping", 0), ("rejecting by the seller", 1)]
    )
    def test_are_written_only_if_a_status_changes(
        self, sale: Sale, statements: list[tuple[str, Any]], change: str, expected: int
    ) -> None:
        CHANGES[change](sale)

        assert sum("INTO seller_order_counts" in sql for sql, _ in statements) == expected


class TestPage:
    @pytest.fixture
    def seller(self, database: Database, shopper: User) -> Seller:
        seller, other = two_sellers()
        states = (*ROAD, OrderState.SHIPPED)
        orders = (
            {"number": f"N-{position}", "items": [sold(seller, state=state)]}
            for position, state in enumerate(states)
        )
        store_sold(database, shopper.pk, *orders, {"items": [sold(other)]})
        return seller

    @pytest.mark.parametrize(("status", "count"), [(500, 2), (600, 1), (100, 0), (1, 0)])
    @pytest.mark.parametrize("number", [1, 9])
    def test_adds_up_the_stored_counts(
        self, database: Database, seller: Seller, status: int, count: int, number: int
    ) -> None:
        page = PageRequest(number, 1)
        condition = Condition("status", Operator.EXACT, status)

        assert count_of(database, seller, page=page) == 4
        assert count_of(database, seller, condition, page=page) == count
        assert count_of(database, seller, condition, condition, page=page) == count

    @pytest.mark.parametrize("number", [1, 9])
    def test_counts_rows_for_other_filters(
        self, database: Database, engines: Engines, seller: Seller, number: int
    ) -> None:
        page = PageRequest(number, 1)
        shipped = Condition("status", Operator.EXACT, 500)
        named = Condition("number", Operator.EXACT, "N-1")
        with engines.writing.begin() as connection:
            connection.execute(sa.update(seller_order_counts).values(orders=7))

        assert count_of(database, seller, shipped, page=page) == 14
        assert count_of(database, seller, shipped, named, page=page) == 1
        assert count_of(database, seller, named, page=page) == 1
