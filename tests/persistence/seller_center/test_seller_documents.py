"""Sellers' documents are rendered once for each version, and never stale."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from domain.accounts.users import User
from domain.cancellations.decisions import approve_request
from domain.seller_center.order_items import SellerOrderItemView
from domain.sellers.sellers import Seller
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from persistence.seller_center.lists import ListDefinition
from tests.persistence.seller_center.test_seller_orders import CHANGES, Sale
from tests.support.builders import make_seller
from tests.support.fakes import FakeClock, FakeViewRenderer, fake_renderers
from tests.support.stored_sellers import listed, sold, store_sold

Change = Callable[[Sale], object]


def of_plan(name: str, value: Any) -> Change:
    return lambda sale: sale.change(lambda order: setattr(order.cancellation_plans[0], name, value))


# Approving added the line to a plan.
CHANGES_OF_PLANS: dict[str, Change] = {
    "a plan's invoice": of_plan("invoice_number", "I-1"),
    "a plan's payments": of_plan("payment_plan", {"a": 1}),
    "a plan's amounts": lambda sale: sale.change(
        lambda order: setattr(order.cancellation_plans[0].items[0], "refund_amount", 5)
    ),
}


def seen(database: Database, sellers: Iterable[Seller]) -> list[Any]:
    return [
        listed(database, resource, seller) for resource in LIST_DEFINITIONS for seller in sellers
    ]


@pytest.fixture
def remembering(database_url: str, clock: FakeClock) -> Iterator[Database]:
    """The empty database, with documents cached in memory."""
    database = Database(database_url, renderers=fake_renderers(), clock=clock)
    yield database
    database.close()


@pytest.fixture
def sale(remembering: Database, engines: Engines, shopper: User) -> Sale:
    return Sale(remembering, engines, shopper.pk)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """All views that are rendered from now on."""
    entities: list[Any] = []
    render = FakeViewRenderer.__call__

    def record(renderer: FakeViewRenderer, entity: Any, *rest: Any) -> Any:
        entities.append(entity)
        return render(renderer, entity, *rest)

    monkeypatch.setattr(FakeViewRenderer, "__call__", record)
    return entities


class TestStale:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
    def test_a_changed_order_is_rendered_again(
        self, sale: Sale, database: Database, remembering: Database, change: Change
    ) -> None:
        seen(remembering, sale.sellers)

        change(sale)

        assert seen(remembering, sale.sellers) == seen(database, sale.sellers)

    @pytest.mark.parametrize("change", CHANGES_OF_PLANS.values(), ids=CHANGES_OF_PLANS.keys())
    def test_a_changed_plan_is_rendered_again(
        self, sale: Sale, database: Database, remembering: Database, change: Change
    ) -> None:
        sale.decide(sale.request(), approve_request)
        before = seen(remembering, sale.sellers)

        change(sale)

        now = seen(remembering, sale.sellers)
        assert now == seen(database, sale.sellers)
        assert now != before

    def test_a_reused_pk_does_not_show_the_deleted_row(
        self, remembering: Database, shopper: User
    ) -> None:
        seller = make_seller()
        [order] = store_sold(remembering, shopper.pk, {"number": "A", "items": [sold(seller)]})
        listed(remembering, "seller_orders", seller)
        with remembering.writing() as uow:
            [changed] = uow.orders.lock_by_items([order.items[0].pk], None)
            changed.items[0].seller = None
            uow.commit()

        store_sold(remembering, shopper.pk, {"number": "B", "items": [sold(seller)]})

        assert [view.number for view in listed(remembering, "seller_orders", seller)] == ["B"]

    def test_a_line_that_concurrently_moves_to_another_seller_is_not_shown(
        self, sale: Sale, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load = ListDefinition.load

        def load_later(listing: Any, *rest: Any) -> Any:
            CHANGES["changing a seller"](sale)
            return load(listing, *rest)

        monkeypatch.setattr(ListDefinition, "load", load_later)
        database = Database(database_url, renderers=fake_renderers())

        assert listed(database, "seller_order_items", sale.sellers[0]) == []
        database.close()


class TestCached:
    def test_is_rendered_once(self, sale: Sale, remembering: Database, rendered: list[Any]) -> None:
        first = seen(remembering, sale.sellers)
        rendered.clear()

        assert seen(remembering, sale.sellers) == first
        assert rendered == []

    def test_only_new_rows_are_rendered(
        self, sale: Sale, remembering: Database, rendered: list[Any]
    ) -> None:
        seller = sale.sellers[0]
        listed(remembering, "seller_order_items", seller)
        rendered.clear()
        store_sold(remembering, sale.order.user_pk, {"number": "B", "items": [sold(seller, 7)]})

        listed(remembering, "seller_order_items", seller)

        assert [type(view) for view in rendered] == [SellerOrderItemView]
        assert rendered[0].sku == sold(seller, 7).product.sku


def test_documents_need_their_renderer(sale: Sale, database_url: str) -> None:
    database = Database(database_url, renderers={})

    with pytest.raises(RuntimeError, match="renderer"):
        listed(database, "seller_orders", sale.sellers[0])

    database.close()
