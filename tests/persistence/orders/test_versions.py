from collections.abc import Callable
from contextlib import closing
from dataclasses import FrozenInstanceError
from threading import Barrier, Thread
from typing import Any

import pytest

from domain.accounts.users import User
from domain.orders.cancellations import CancellationStatus
from domain.orders.old_orders import OldOrder
from domain.orders.states import OrderState
from domain.sellers.sellers import Seller
from domain.shared.snapshots import Snapshot
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.aggregate import ORDER
from persistence.orders.old_orders import OLD_ORDER
from persistence.sql import saving
from persistence.sql.aggregates import Aggregate
from persistence.sql.version_numbers import new_version
from persistence.sql.work import Work
from tests.support.builders import (
    make_address,
    make_bank,
    make_discount,
    make_easy_return,
    make_easy_return_company,
    make_image,
    make_item,
    make_loyalty_transaction,
    make_offer,
    make_old_item,
    make_product,
    make_request,
    make_seller,
)
from tests.support.stored import store_old_order, store_order, store_reason

CHANGES: dict[str, Callable[[Any], object]] = {
    "the order": lambda order: setattr(order, "state", OrderState.APPROVED),
    "its JSON": lambda order: setattr(order, "extra_field", {"reward": 5}),
    "an address": lambda order: setattr(order, "billing_address", order.shipping_address),
    "the bank": lambda order: setattr(order, "bank", None),
    "a line": lambda order: setattr(order.items[0], "tracking_number", "T1"),
    "a trade-in offer": lambda order: order.items[0].trade_in_offers.append(make_offer()),
    "a new line": lambda order: order.items.append(
        make_item(line=3, product=order.items[0].product)
    ),
    "a removed line": lambda order: order.items.pop(),
    "a line's product": lambda order: setattr(order.items[0], "product", order.items[1].product),
    "a line's seller": lambda order: setattr(order.items[0], "seller", None),
    "a line's carriers": lambda order: order.items[0].easy_return_companies.clear(),
    "a discount": lambda order: setattr(order.discounts[0], "name", "Other"),
    "a new discount": lambda order: order.discounts.append(make_discount()),
    "a removed discount": lambda order: order.discounts.clear(),
    "loyalty money": lambda order: setattr(order.loyalty_transactions[0], "reference", "R1"),
    "new loyalty money": lambda order: order.loyalty_transactions.append(
        make_loyalty_transaction()
    ),
    "a request": lambda order: setattr(
        order.items[0].cancellation_requests[0], "status", CancellationStatus.APPROVED
    ),
    "a new request": lambda order: order.items[1].cancellation_requests.append(
        make_request(reason_pk=order.items[0].cancellation_requests[0].reason_pk)
    ),
    "a removed request": lambda order: order.items[0].cancellation_requests.clear(),
    "an image": lambda order: setattr(
        order.items[0].cancellation_requests[0].images[0], "description", "broken"
    ),
    "a new image": lambda order: (
        order.items[0].cancellation_requests[0].images.append(make_image())
    ),
    "an easy return": lambda order: setattr(
        order.items[0].cancellation_requests[0].easy_return, "tracking_number", "T2"
    ),
    "a removed easy return": lambda order: setattr(
        order.items[0].cancellation_requests[0], "easy_return", None
    ),
}


@pytest.fixture
def pk(database: Database, engines: Engines, shopper: User) -> int:
    """An order with a row in every table."""
    request = make_request(
        reason_pk=store_reason(engines).pk, images=[make_image()], easy_return=make_easy_return()
    )
    item = make_item(
        seller=make_seller(slug="of-the-order"),
        easy_return_companies=[make_easy_return_company()],
        cancellation_requests=[request],
    )
    return store_order(
        database,
        user_pk=shopper.pk,
        items=[item, make_item(line=2, product=make_product(sku="2"))],
        billing_address=make_address(user_pk=shopper.pk, line="Other Street 3"),
        bank=make_bank(),
        discounts=[make_discount()],
        loyalty_transactions=[make_loyalty_transaction()],
    ).pk


def version(database: Database, pk: int) -> int:
    with database.reading() as uow:
        order = uow.orders.get(pk)
    assert order is not None
    return order.version


class TestOrders:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
    def test_a_change_of_any_shown_value_raises_the_version(
        self, database: Database, pk: int, change: Callable[[Any], object]
    ) -> None:
        before = version(database, pk)
        with database.writing() as uow:
            order = uow.orders.get(pk)
            change(order)
            uow.commit()

        assert version(database, pk) > before

    def test_the_version_of_a_new_order_is_the_time(
        self, database: Database, shopper: User
    ) -> None:
        before = new_version()
        order = store_order(database, user_pk=shopper.pk)

        assert before <= order.version <= new_version() < 2**53
        assert version(database, order.pk) == order.version

    def test_setting_an_equal_value_does_not_raise_it(self, database: Database, pk: int) -> None:
        before = version(database, pk)
        with database.writing() as uow:
            order = uow.orders.get(pk)
            assert order is not None
            order.state = OrderState.WAITING
            uow.commit()

        assert version(database, pk) == before

    def test_versions_of_other_orders_do_not_change(
        self, database: Database, shopper: User, pk: int
    ) -> None:
        other = store_order(database, user_pk=shopper.pk)

        with database.writing() as uow:
            order = uow.orders.get(pk)
            assert order is not None
            order.items[0].tracking_number = "T1"
            uow.commit()

        assert version(database, other.pk) == other.version

    def test_the_loaded_order_has_the_new_version(self, database: Database, pk: int) -> None:
        with database.writing() as uow:
            order = uow.orders.get(pk)
            assert order is not None
            order.notes = "changed"
            uow.commit()

        assert order.version == version(database, pk)

    @pytest.mark.parametrize("name", ["the order", "a line"])
    def test_a_change_after_the_version_was_raised_does_not_raise_it(
        self, database: Database, engines: Engines, pk: int, name: str
    ) -> None:
        before = version(database, pk)
        with closing(Work(engines.writing)) as work:
            [order] = work.load(ORDER, [pk], raises_version=False)
            CHANGES[name](order)
            work.commit()

            [changed] = work.read(ORDER, [pk])

        assert (changed.version, changed.state) == (before, order.state)
        assert changed.items[0].tracking_number == order.items[0].tracking_number

    def test_renaming_a_seller_raises_it(self, database: Database, pk: int) -> None:
        before = version(database, pk)
        with database.writing() as uow:
            seller = uow.sellers.lock("of-the-order")
            assert seller is not None
            seller.name = "Other"
            uow.commit()

        assert version(database, pk) > before

    def test_two_concurrent_writers_raise_it_twice(
        self, database: Database, pk: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = version(database, pk)
        # Even with a clock that does not advance or was set back.
        monkeypatch.setattr(saving, "new_version", lambda: 1)
        both_have_it = Barrier(2)

        def write() -> None:
            both_have_it.wait()
            with database.writing() as uow:
                order = uow.orders.get(pk)
                assert order is not None
                order.notes = str(id(order))
                uow.commit()

        writers = [Thread(target=write) for _ in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert version(database, pk) == before + 2


class TestOldOrders:
    @pytest.mark.parametrize(
        "change",
        [
            lambda old_order: setattr(old_order, "status", "Other"),
            lambda old_order: setattr(old_order.items[0], "price", 5),
            lambda old_order: old_order.items.append(make_old_item(line=2)),
            lambda old_order: old_order.items.clear(),
        ],
        ids=["the old order", "a line", "a new line", "a removed line"],
    )
    def test_a_change_of_any_shown_value_raises_the_version(
        self, database: Database, shopper: User, change: Callable[[OldOrder | None], object]
    ) -> None:
        pk = store_old_order(database, user_pk=shopper.pk)

        with database.reading() as uow:
            before = uow.old_orders.get(pk)

        with database.writing() as uow:
            change(uow.old_orders.get(pk))
            uow.commit()

        with database.reading() as uow:
            after = uow.old_orders.get(pk)
        assert before is not None
        assert after is not None
        assert after.version > before.version > 10**15


class TestSnapshots:
    def test_never_change(self, database: Database, pk: int) -> None:
        with database.writing() as uow:
            order = uow.orders.get(pk)
            assert order is not None

            with pytest.raises(FrozenInstanceError):
                order.shipping_address.line = "moved"


def test_a_seller_without_lines_can_be_renamed(database: Database) -> None:
    with database.writing() as uow:
        seller = make_seller()
        uow.sellers.add(seller)
        seller.name = "Other"
        uow.commit()

    with database.reading() as uow:
        stored = uow.sellers.by_slug(seller.slug)
        assert stored is not None
        assert stored.name == "Other"


@pytest.mark.parametrize("aggregate", [ORDER, OLD_ORDER], ids=["orders", "old"])
def test_all_shown_rows_raise_versions_or_never_change(
    aggregate: Aggregate[Any],
) -> None:
    tables = {parts.table for parts in aggregate.all_parts}
    for parts in aggregate.all_parts:
        for reference in parts.references.values():
            is_part = reference.is_part and reference.table in tables
            assert is_part or reference.entity is Seller or issubclass(reference.entity, Snapshot)
