from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from domain.accounts.users import User
from domain.orders.old_orders import OldOrder
from domain.orders.orders import Order
from persistence.database import Database
from persistence.orders.aggregate import ORDER
from persistence.orders.old_orders import OLD_ORDER, old_orders
from persistence.orders.orders import orders
from persistence.sql import loading
from persistence.sql.aggregates import Aggregate, Parts, View
from persistence.sql.load_plans import load_plan
from persistence.sql.loading import load_roots
from persistence.sql.saving import Tracked
from persistence.sql.work import Work
from tests.conftest import KIND
from tests.support import citus
from tests.support.complete_orders import complete_old_order, complete_order
from tests.support.entity_graphs import differing, graph

ABSENT = 2**40
AGGREGATES: dict[str, Aggregate[Any]] = {"orders": ORDER, "old orders": OLD_ORDER}


@pytest.fixture
def old_order(database: Database, shopper: User) -> OldOrder:
    old_order = complete_old_order(shopper.pk)
    with database.writing() as uow:
        uow.old_orders.add(old_order)
        uow.commit()
    return old_order


class TestValues:
    @pytest.mark.parametrize("view", View)
    def test_of_an_order_are_those_that_were_stored(
        self, work: Work, order: Order, view: View
    ) -> None:
        [loaded] = work.load(ORDER, [order.pk], view)

        assert list(differing(order, loaded)) == []

    def test_of_an_old_order_are_those_that_were_stored(
        self, work: Work, old_order: OldOrder
    ) -> None:
        [loaded] = work.load(OLD_ORDER, [old_order.pk])

        assert list(differing(old_order, loaded)) == []

    @pytest.mark.parametrize(
        "moment",
        [
            datetime(1, 1, 1, tzinfo=UTC),
            datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
            datetime(2026, 3, 1, 12, 0, 0, 100_000, tzinfo=UTC),
            datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        ],
        ids=str,
    )
    def test_of_datetimes_are_in_utc(self, work: Work, order: Order, moment: datetime) -> None:
        work.execute(sa.update(orders).values(invoice_date=moment))

        [loaded] = work.load(ORDER, [order.pk])

        assert (loaded.invoice_date, loaded.invoice_date and loaded.invoice_date.tzinfo) == (
            moment,
            UTC,
        )

    def test_of_datetimes_are_in_utc_in_any_zone_of_the_server(
        self, work: Work, order: Order
    ) -> None:
        if work.dialect_name == "postgresql":
            work.connection.exec_driver_sql("SET LOCAL TimeZone = 'Asia/Kathmandu'")

        [loaded] = work.load(ORDER, [order.pk])

        assert loaded.invoice_date == order.invoice_date
        assert loaded.invoice_date is not None
        assert loaded.invoice_date.tzinfo is UTC

    @pytest.mark.parametrize(
        "value", [None, [], {}, "", "null", 0, False, 1.5, [[None]], {"a": {"b": None}}], ids=repr
    )
    def test_of_json_are_those_that_were_stored(
        self, work: Work, old_order: OldOrder, value: Any
    ) -> None:
        work.execute(sa.update(old_orders).values(extra_field={"a": value}))

        [loaded] = work.load(OLD_ORDER, [old_order.pk])

        assert loaded.extra_field == {"a": value}
        assert type(loaded.extra_field["a"]) is type(value)

    def test_of_missing_json_are_none(self, work: Work, order: Order) -> None:
        work.execute(sa.update(orders).values(extra_field=None))

        [loaded] = work.load(ORDER, [order.pk])

        assert loaded.extra_field is None


class TestObjects:
    def test_that_several_rows_reference_are_identical(self, work: Work, order: Order) -> None:
        [loaded] = work.load(ORDER, [order.pk])

        first, second, *_ = loaded.items
        carriers = [first.shipping_company, loaded.shipping_company]
        carriers += [company.shipping_company for company in first.easy_return_companies]
        easy_return = first.cancellation_requests[0].easy_return
        assert easy_return is not None
        assert len(set(map(id, [*carriers, easy_return.shipping_company]))) == 1
        assert first.seller is second.seller is loaded.cancellation_plans[0].seller is not None

    def test_that_addresses_reference_are_identical(self, work: Work, order: Order) -> None:
        [loaded] = work.load(ORDER, [order.pk], View.SHOWN)

        assert loaded.shipping_address is not loaded.billing_address
        assert loaded.shipping_address.city is loaded.billing_address.city

    def test_are_shared_by_roots_of_one_load(
        self, database: Database, work: Work, order: Order, shopper: User
    ) -> None:
        other = complete_order(shopper.pk, order.items[0].cancellation_requests[0].reason_pk)
        for item, seller in zip(other.items, [item.seller for item in order.items], strict=True):
            item.seller = seller
        other.cancellation_plans.clear()
        with database.writing() as uow:
            uow.orders.add(other)
            uow.commit()

        loaded = work.load(ORDER, [other.pk, order.pk])

        assert [loaded_order.pk for loaded_order in loaded] == [other.pk, order.pk]
        assert loaded[0].items[0].seller is loaded[1].items[0].seller
        assert loaded[0].items[0].product is loaded[1].items[0].product
        assert [len(loaded_order.items) for loaded_order in loaded] == [4, 4]

    def test_of_plans_reference_the_requests_of_the_lines(self, work: Work, order: Order) -> None:
        [loaded] = work.load(ORDER, [order.pk])

        planned = [plan_item.request for plan_item in loaded.cancellation_plans[0].items]
        requests = loaded.items[0].cancellation_requests
        assert list(map(id, planned)) == list(map(id, requests))

    def test_are_new_with_each_load(self, work: Work, order: Order) -> None:
        [one], [other] = work.load(ORDER, [order.pk]), work.load(ORDER, [order.pk])

        assert one is not other
        assert graph(one) == graph(other)


class TestRoots:
    def test_that_do_not_exist_are_left_out(self, work: Work, order: Order) -> None:
        assert [loaded.pk for loaded in work.load(ORDER, [ABSENT, order.pk])] == [order.pk]
        assert work.load(ORDER, [ABSENT]) == []
        assert work.read(ORDER, [ABSENT]) == []

    @pytest.mark.parametrize("view", View)
    def test_of_another_user_are_left_out(self, work: Work, order: Order, view: View) -> None:
        assert work.load(ORDER, [order.pk], view, order.user_pk + 1) == []

        [loaded] = work.load(ORDER, [order.pk], view, order.user_pk)
        [expected] = work.load(ORDER, [order.pk], view)
        assert graph(loaded) == graph(expected)

    def test_of_no_pks_need_no_statement(
        self, work: Work, statements: list[tuple[str, Any]]
    ) -> None:
        assert work.load(ORDER, []) == []
        assert statements == []

    @pytest.mark.skipif(KIND == "sqlite", reason="SQLite has a statement for each block")
    @pytest.mark.parametrize("view", View)
    def test_of_any_number_of_pks_need_one_statement(
        self, work: Work, order: Order, view: View, statements: list[tuple[str, Any]]
    ) -> None:
        work.load(ORDER, [order.pk, ABSENT], view, order.user_pk)

        assert len(statements) == 1

    @pytest.mark.skipif(KIND == "sqlite", reason="SQLite has a statement for each block")
    def test_of_one_user_need_a_statement_for_the_user_on_several_nodes(
        self, work: Work, order: Order, statements: list[tuple[str, Any]]
    ) -> None:
        work.load(ORDER, [order.pk, ABSENT])

        assert len(statements) == (2 if citus.COORDINATOR else 1)


LEFT_OUT: dict[View, list[Callable[[Order], object]]] = {
    View.STATE: [
        lambda order: order.shipping_address,
        lambda order: order.billing_address,
        lambda order: order.items[0].cancellation_requests[0].images,
    ],
    View.SHOWN: [lambda order: order.cancellation_plans],
}


class TestViews:
    @pytest.mark.parametrize("view", View)
    def test_leave_out_other_parts(self, work: Work, order: Order, view: View) -> None:
        [loaded] = work.load(ORDER, [order.pk], view)

        for look in LEFT_OUT[view]:
            with pytest.raises(AttributeError):
                look(loaded)
        for others in (attributes for of, attributes in LEFT_OUT.items() if of is not view):
            assert all(look(loaded) for look in others)

    @pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=AGGREGATES.keys())
    def test_leave_out_only_attributes_without_a_default(self, aggregate: Aggregate[Any]) -> None:
        """An omitted attribute would return such a default."""
        for parts in aggregate.all_parts:
            left_out = [name for name, views in _views_of(parts) if views != frozenset(View)]
            assert [name for name in left_out if hasattr(parts.entity, name)] == []


def _views_of(members: Parts) -> Iterator[tuple[str, frozenset[View]]]:
    for parts in (members.references, members.links, members.parts):
        yield from ((name, part.views) for name, part in parts.items())


class TestWays:
    """PostgreSQL's JSON and SQLite's blocks of rows make the same objects."""

    @pytest.mark.parametrize("view", View)
    @pytest.mark.parametrize("kind", AGGREGATES)
    def test_load_the_same_objects(
        self, work: Work, order: Order, old_order: OldOrder, kind: str, view: View
    ) -> None:
        aggregate = AGGREGATES[kind]
        pk = order.pk if kind == "orders" else old_order.pk

        [usual], [by_blocks] = (
            load_roots(work, aggregate, [pk], view, order.user_pk),
            load_by_blocks(work, aggregate, pk, view, order.user_pk),
        )

        assert graph(usual.root) == graph(by_blocks.root)
        assert usual.projected == by_blocks.projected
        assert tracked_rows(usual) == tracked_rows(by_blocks)


def load_by_blocks(
    work: Work, aggregate: Aggregate[Any], pk: int, view: View, user_pk: int
) -> list[Tracked]:
    plan, build = load_plan(aggregate, view), loading._Build(aggregate)  # noqa: SLF001
    loading._add_by_blocks(work, plan, [pk], build, user_pk)  # noqa: SLF001
    build.resolve(plan)
    return build.roots


def tracked_rows(tracked: Tracked) -> list[Any]:
    """Return the rows that changes are compared with, by table and pk."""
    rows = [(part.members.table.name, part.entity.pk) for part in tracked.parts()]
    stored = [tracked.row(part.entity) for part in tracked.parts()]
    links = [
        (name, tracked.links(link, part.entity))
        for part in tracked.parts()
        for name, link in part.members.links.items()
    ]
    return [rows, stored, links]
