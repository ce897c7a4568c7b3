import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.accounts.callers import Caller
from domain.accounts.users import User, UserType
from domain.orders.cancellation_plans import CancellationPlan
from domain.orders.cancellations import CancellationType
from domain.orders.orders import Order, OrderOwner, OrderQuery
from domain.shared.paging import PageRequest
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.aggregate import ORDER
from persistence.orders.orders import orders
from persistence.sql.aggregates import View
from persistence.sql.work import Work
from tests.support.builders import (
    NOW,
    make_address,
    make_bank,
    make_discount,
    make_easy_return_company,
    make_image,
    make_item,
    make_location,
    make_loyalty_transaction,
    make_order,
    make_request,
    make_seller,
)
from tests.support.stored import listed, plan_of, store_order, store_reason, store_user


def pks(documents: list[dict[str, Any]]) -> list[int]:
    return [document["pk"] for document in documents]


class TestList:
    def test_newest_first_and_ties_by_higher_pk(self, database: Database, shopper: User) -> None:
        days = (3, 1, 1, 2)
        first, second, third, fourth = (
            store_order(database, user_pk=shopper.pk, created_date=NOW - timedelta(days=ago)).pk
            for ago in days
        )

        assert pks(listed(database, shopper.pk)) == [third, second, fourth, first]

    def test_has_only_orders_of_the_user(self, database: Database, shopper: User) -> None:
        own = store_order(database, user_pk=shopper.pk)
        store_order(database, user_pk=store_user(database).pk)

        assert pks(listed(database, shopper.pk)) == [own.pk]

    def test_counts_all_orders_on_every_page(self, database: Database, shopper: User) -> None:
        for _ in range(3):
            store_order(database, user_pk=shopper.pk)

        with database.reading() as uow:
            pages = [
                uow.orders.page(OrderQuery(shopper.pk), PageRequest(number, 2), "en-us")
                for number in (1, 2, 3)
            ]

        assert [(page.count, len(page.documents)) for page in pages] == [(3, 2), (3, 1), (3, 0)]

    def test_both_bounds_are_inclusive(self, database: Database, shopper: User) -> None:
        midnight = datetime(2026, 2, 1, tzinfo=UTC)
        ends = (midnight, midnight + timedelta(days=1, microseconds=-1))
        outside = (midnight - timedelta(microseconds=1), midnight + timedelta(days=1))
        within = [store_order(database, user_pk=shopper.pk, created_date=end).pk for end in ends]
        for moment in outside:
            store_order(database, user_pk=shopper.pk, created_date=moment)
        day = date(2026, 2, 1)

        page = listed(database, shopper.pk, created_date__gte=day, created_date__lte=day)

        assert sorted(pks(page)) == within

    def test_the_last_month_is_30_days(self, database: Database, shopper: User) -> None:
        old = NOW - timedelta(days=30, microseconds=1)
        store_order(database, user_pk=shopper.pk, created_date=old)
        recent = NOW - timedelta(days=30)
        stored = store_order(database, user_pk=shopper.pk, created_date=recent)

        assert pks(listed(database, shopper.pk, last_month=True)) == [stored.pk]

    @pytest.mark.parametrize("search", ["%", "_", "a", "1_3", "\\", "Ğ"])
    def test_a_search_is_taken_literally(
        self, database: Database, shopper: User, search: str
    ) -> None:
        numbers = {
            store_order(database, user_pk=shopper.pk, number=number).pk: number
            for number in ("W-123", "W-%", "W-a_\\Ğ", "W-A", "W-1_3", "W-ğ")
        }

        matching = pks(listed(database, shopper.pk, search=search))

        assert matching == sorted((pk for pk in numbers if search in numbers[pk]), reverse=True)

    def test_a_guest_has_only_the_newest(self, database: Database, shopper: User) -> None:
        newest = store_order(database, user_pk=shopper.pk, number="NEW", created_date=NOW)
        yesterday = NOW - timedelta(days=1)
        store_order(database, user_pk=shopper.pk, number="OLD", created_date=yesterday)

        assert pks(listed(database, shopper.pk, is_guest=True)) == [newest.pk]
        assert listed(database, shopper.pk, is_guest=True, search="OLD") == []


class TestDocument:
    def pk_of(self, database: Database, query: Callable[[Any], bytes | None]) -> int | None:
        with database.reading() as uow:
            document = query(uow.orders)
        return None if document is None else int(json.loads(document)["pk"])

    def test_is_found_for_own_orders_only(self, database: Database, shopper: User) -> None:
        pk = store_order(database, user_pk=shopper.pk).pk
        stranger = store_user(database)

        assert self.pk_of(database, lambda orders: orders.document(shopper.pk, pk, "en-us")) == pk
        assert (
            self.pk_of(database, lambda orders: orders.document(stranger.pk, pk, "en-us")) is None
        )

    def test_can_be_that_of_the_highest_pk_or_the_latest_date(
        self, database: Database, shopper: User
    ) -> None:
        latest = store_order(database, user_pk=shopper.pk, created_date=NOW)
        imported = NOW - timedelta(days=9)
        highest = store_order(database, user_pk=shopper.pk, created_date=imported)

        newest = self.pk_of(database, lambda orders: orders.newest_document(shopper.pk, "en-us"))
        by_date = self.pk_of(database, lambda orders: orders.latest_document(shopper.pk, "en-us"))

        assert (newest, by_date) == (highest.pk, latest.pk)

    def test_is_none_without_orders(self, database: Database, shopper: User) -> None:
        assert self.pk_of(database, lambda orders: orders.newest_document(shopper.pk, "tr")) is None
        assert self.pk_of(database, lambda orders: orders.latest_document(shopper.pk, "tr")) is None


class TestIndexes:
    @pytest.mark.parametrize(
        "filters",
        [{}, {"created_date__gte": NOW, "created_date__lte": NOW}, {"is_guest": True}],
        ids=["all", "between", "guest"],
    )
    def test_sort_a_page(
        self,
        database: Database,
        engines: Engines,
        shopper: User,
        statements: list[tuple[str, Any]],
        filters: dict[str, Any],
    ) -> None:
        listed(database, shopper.pk, **filters)

        plan = plan_of(engines, *statements[0])

        assert "ix_orders_user_pk_created_date_pk" in plan
        assert "TEMP B-TREE" not in plan

    def test_find_the_highest_pk(
        self,
        database: Database,
        engines: Engines,
        shopper: User,
        statements: list[tuple[str, Any]],
    ) -> None:
        with database.reading() as uow:
            uow.orders.newest_document(shopper.pk, "en-us")

        assert "ix_orders_user_pk_pk" in plan_of(engines, *statements[-1])


class TestStoring:
    def stored(self, database: Database, **overrides: Any) -> Order:
        pk = store_order(database, **overrides).pk
        with database.reading() as uow:
            order = uow.orders.get(pk)
        assert order is not None
        return order

    def test_stores_every_field(self, database: Database, shopper: User) -> None:
        added = make_order(user_pk=shopper.pk, extra_field={"a": [1, None]}, bank=make_bank())

        with database.writing() as uow:
            uow.orders.add(added)
            uow.commit()
        with database.reading() as uow:
            stored = uow.orders.get(added.pk)

        plain = orders.c.keys()
        assert {name: getattr(stored, name) for name in plain} == {
            name: getattr(added, name) for name in plain
        }

    def test_stores_all_parts(self, database: Database, engines: Engines, shopper: User) -> None:
        reason = store_reason(engines)
        request = make_request(reason_pk=reason.pk, images=[make_image()])
        item = make_item(
            seller=make_seller(name="Ev Dünyası"),
            easy_return_companies=[make_easy_return_company()],
            cancellation_requests=[request],
        )

        order = self.stored(
            database,
            user_pk=shopper.pk,
            items=[item],
            discounts=[make_discount(amount=1)],
            loyalty_transactions=[make_loyalty_transaction(user_pk=shopper.pk)],
        )

        (line,) = order.items
        assert (line.order_pk, line.discount_amount) == (order.pk, 1)
        assert line.seller is not None
        assert line.seller.name == "Ev Dünyası"
        assert line.easy_return_companies[0].shipping_company.value == "yurtici"
        assert line.cancellation_requests[0].images[0].is_uploaded_by_user
        assert [transaction.amount for transaction in order.loyalty_transactions] == [-500]

    def test_lines_are_loaded_in_order(self, database: Database, shopper: User) -> None:
        items = [make_item(line=line) for line in (3, 1, 2)]

        order = self.stored(database, user_pk=shopper.pk, items=items)

        assert [item.line for item in order.items] == [1, 2, 3]

    def test_equal_snapshots_are_one_row(self, database: Database, shopper: User) -> None:
        one, other = (self.stored(database, user_pk=shopper.pk) for _ in range(2))

        assert one.shipping_address.pk == other.billing_address.pk
        assert one.items[0].product.pk == other.items[0].product.pk

    def test_changed_snapshots_are_another_row(self, database: Database, shopper: User) -> None:
        here = self.stored(database, user_pk=shopper.pk)
        ankara = make_address(user_pk=shopper.pk, city=make_location(name="Ankara"))

        there = self.stored(database, user_pk=shopper.pk, shipping_address=ankara)

        assert there.shipping_address.pk != here.shipping_address.pk
        assert there.shipping_address.city.name == "Ankara"

    def test_lazy_loading_raises_an_error(self, engines: Engines, database: Database) -> None:
        pk = store_order(database, user_pk=store_user(database).pk).pk

        with closing(Work(engines.autocommit)) as work:
            [order] = work.load(ORDER, [pk], View.STATE)
            with pytest.raises(AttributeError, match="shipping_address"):
                order.shipping_address  # noqa: B018  # no query follows


class TestOwner:
    def test_is_found_by_the_number(self, database: Database) -> None:
        guest = store_user(database, user_type=UserType.GUEST, password_hash=None)
        order = store_order(database, user_pk=guest.pk, number="111", user_email="A@example.com")
        registered = store_user(database)
        other = store_order(database, user_pk=registered.pk, number="222", user_email="b@c.de")

        with database.reading() as uow:
            assert uow.orders.owner("111") == OrderOwner(order.pk, guest.pk, True, "A@example.com")
            assert uow.orders.owner("222") == OrderOwner(other.pk, registered.pk, False, "b@c.de")
            assert uow.orders.owner("333") is None


class TestByItem:
    def test_finds_the_order_of_a_line_for_its_owner(self, database: Database) -> None:
        owner, other = store_user(database), store_user(database)
        mine = store_order(database, user_pk=owner.pk)
        further = store_order(database, user_pk=owner.pk)
        item_pk = mine.items[0].pk

        def pk_by_item(caller: Caller | None, pk: int = item_pk) -> int | None:
            with database.reading() as uow:
                order = uow.orders.by_item(pk, caller)
                return None if order is None else order.pk

        assert pk_by_item(None) == mine.pk
        assert pk_by_item(Caller(owner.pk, is_guest=False)) == mine.pk
        assert pk_by_item(Caller(owner.pk, is_guest=True, order_pk=mine.pk)) == mine.pk
        assert pk_by_item(Caller(owner.pk, is_guest=True, order_pk=further.pk)) is None
        assert pk_by_item(Caller(other.pk, is_guest=False)) is None
        assert pk_by_item(None, pk=further.items[0].pk + 1000) is None


class TestLock:
    def test_by_lines_excludes_erased_orders_except_for_the_shop(
        self, database: Database, engines: Engines, shopper: User
    ) -> None:
        order = store_order(database, user_pk=shopper.pk)
        caller = Caller(shopper.pk, is_guest=False)

        def locked_pks(caller: Caller | None) -> list[int]:
            with database.writing() as uow:
                return [
                    locked.pk for locked in uow.orders.lock_by_items([order.items[0].pk], caller)
                ]

        assert locked_pks(caller) == locked_pks(None) == [order.pk]
        with engines.writing.begin() as connection:
            connection.execute(orders.update().values(erased_date=NOW))
        assert locked_pks(caller) == []
        assert locked_pks(None) == [order.pk]

    def test_by_a_plan_finds_its_order(self, database: Database, shopper: User) -> None:
        first, second = (
            store_order(
                database,
                user_pk=shopper.pk,
                cancellation_plans=[
                    CancellationPlan(
                        plan_type=CancellationType.CANCEL, created_date=NOW, modified_date=NOW
                    )
                ],
            )
            for _ in range(2)
        )

        with database.writing() as uow:
            for order in (second, first):
                locked = uow.orders.lock_by_plan(order.cancellation_plans[0].pk)
                assert locked is not None
                assert locked.pk == order.pk
            assert uow.orders.lock_by_plan(10**6) is None

    def test_by_a_seller_finds_the_order_of_an_own_line(
        self, database: Database, shopper: User
    ) -> None:
        seller, other = make_seller(), make_seller(name="Bakırcı Usta")
        items = [make_item(seller=seller), make_item(line=2, seller=other)]
        order = store_order(database, user_pk=shopper.pk, items=items)
        store_order(database, user_pk=shopper.pk, items=[make_item()])

        with database.writing() as uow:
            locked = uow.orders.lock_by_seller(items[0].uuid, seller.pk)
            assert locked is not None
            assert locked.pk == order.pk
            assert uow.orders.lock_by_seller(items[1].uuid, seller.pk) is None
            assert uow.orders.lock_by_seller(uuid4(), seller.pk) is None

    def test_by_a_request_finds_its_order(
        self, database: Database, engines: Engines, shopper: User
    ) -> None:
        reason = store_reason(engines)
        requests = [make_request(reason_pk=reason.pk) for _ in range(2)]
        orders = [
            store_order(
                database, user_pk=shopper.pk, items=[make_item(cancellation_requests=[request])]
            )
            for request in requests
        ]

        for order, request in zip(orders, requests, strict=True):
            with database.writing() as uow:
                locked = uow.orders.lock_by_request(request.pk)
                assert locked is not None
                assert locked.pk == order.pk
            with database.reading() as uow:
                owner = uow.orders.by_request(request.pk)
                assert owner is not None
                assert owner.pk == order.pk
