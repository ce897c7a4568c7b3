"""Sellers' orders are the same whether derived from objects or from rows."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.accounts.users import User
from domain.orders.cancellations import CancellationStatus, CancelStatus
from domain.orders.orders import Order
from domain.orders.states import OrderState
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.aggregate import ORDER
from persistence.orders.seller_counts import SHARDS, seller_order_counts
from persistence.orders.seller_orders import seller_orders
from persistence.orders.seller_projection import rebuild_seller_orders
from persistence.sql.work import Work
from tests.support.builders import NOW, make_item, make_product, make_seller
from tests.support.complete_orders import TEXT, complete_order
from tests.support.stored import store_reason

Change = Callable[[Order], object]
at = st.integers(0, 3)
# A line has at most one open request.
DECIDED = [status for status in CancellationStatus if status is not CancellationStatus.OPEN]
small = st.integers(0, 50)
_numbers = count(10)


def of_line(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    return st.builds(
        lambda index, value: (
            lambda order: setattr(order.items[index % len(order.items)], name, value)
        ),
        at,
        values,
    )


def of_order(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    return st.builds(lambda value: lambda order: setattr(order, name, value), values)


def of_request(index: int, status: CancellationStatus) -> Change:
    def change(order: Order) -> None:
        requests = [request for item in order.items for request in item.cancellation_requests]
        if requests:
            requests[index % len(requests)].status = status

    return change


def of_planned(index: int, goods: int, discount: int, shipping: int) -> Change:
    def change(order: Order) -> None:
        planned = [plan_item for plan in order.cancellation_plans for plan_item in plan.items]
        if planned:
            plan_item = planned[index % len(planned)]
            plan_item.refund_amount, plan_item.discount_refund_amount = goods + shipping, discount
            plan_item.shipping_refund_amount, plan_item.own_shipping_refund_amount = shipping, 0

    return change


def resell(to: int, index: int) -> Change:
    """Assign a line the seller of another line, or a new seller."""

    def change(order: Order) -> None:
        sellers = [item.seller for item in order.items] + [make_seller()]
        order.items[index % len(order.items)].seller = sellers[to % len(sellers)]

    return change


def add_line(order: Order) -> None:
    # The number of a line that is removed in the same save is still in use.
    line = next(_numbers)
    product = make_product(sku=f"new-{line}")
    order.items.append(make_item(line=line, product=product, seller=order.items[0].seller))


def remove_line(order: Order) -> None:
    """Remove the last line, since plans reference requests of the first one."""
    if len(order.items) > 1:
        order.items.pop()


changes: st.SearchStrategy[Change] = st.one_of(
    of_line("state", st.sampled_from(OrderState)),
    of_line("cancel_status", st.sampled_from([None, *CancelStatus])),
    of_line("cancelled_quantity", st.integers(0, 1)),
    of_line("price", st.integers(2000, 100_000)),
    of_line("discount_amount", small),
    of_line("invoice_number", st.sampled_from([None, "L1", TEXT])),
    of_line("invoice_date", st.sampled_from([None, NOW, NOW + timedelta(microseconds=1)])),
    of_line("shipping_company", st.none()),
    of_order("invoice_number", st.sampled_from([None, "O1"])),
    of_order("tracking_number", st.sampled_from([None, "T1", TEXT])),
    of_order("has_gift_box", st.sampled_from([None, True, False])),
    of_order("number", st.sampled_from(["İ-1", "STRASSE", "straße"])),
    of_order("shipping_amount", st.integers(500, 5000)),
    of_order("refund_amount", small),
    of_order("discount_refund_amount", small),
    of_order("shipping_refund_amount", small),
    of_order("modified_date", st.just(NOW + timedelta(microseconds=999_999))),
    st.builds(of_request, at, st.sampled_from(DECIDED)),
    st.builds(of_planned, at, small, small, small),
    st.builds(resell, st.integers(0, 4), at),
    st.just(add_line),
    st.just(remove_line),
)


@pytest.fixture
def order(database: Database, engines: Engines, shopper: User) -> Order:
    order = complete_order(shopper.pk, store_reason(engines).pk)
    with database.writing() as uow:
        uow.orders.add(order)
        uow.commit()
    return order


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(saves=st.lists(st.lists(changes, min_size=1, max_size=4), min_size=1, max_size=4))
def test_are_the_same_after_any_saves(
    engines: Engines, order: Order, saves: list[list[Change]]
) -> None:
    with closing(Work(engines.writing)) as work:
        [loaded] = work.load(ORDER, [order.pk])
        for save in saves:
            for change in save:
                change(loaded)
            work.flush()
        after_saves, counts = rows(work), stored_counts(work)

        rebuild_seller_orders(work, [order.pk])

        assert after_saves == rows(work)
        assert counts == stored_counts(work) == true_counts(work)
        work.rollback()


def test_are_the_same_for_a_new_order(engines: Engines, order: Order) -> None:
    with closing(Work(engines.writing)) as work:
        made = rows(work)
        rebuild_seller_orders(work, [order.pk])

        assert len(made) == 2
        assert rows(work) == made


def test_are_removed_with_a_line_of_an_earlier_save(engines: Engines, order: Order) -> None:
    with closing(Work(engines.writing)) as work:
        [loaded] = work.load(ORDER, [order.pk])
        loaded.items[3].seller = make_seller()
        work.flush()
        assert len(rows(work)) == 3

        loaded.items[3].seller = None
        work.flush()

        assert len(rows(work)) == 2
        assert stored_counts(work) == true_counts(work)


def rows(work: Work) -> list[dict[str, Any]]:
    stored = work.execute(sa.select(seller_orders).order_by(seller_orders.c.seller_pk))
    return [dict(row) for row in stored.mappings()]


def stored_counts(work: Work) -> dict[Any, int]:
    stored = work.execute(sa.select(seller_order_counts).where(seller_order_counts.c.orders != 0))
    return {tuple(key): count for *key, count in stored}


def true_counts(work: Work) -> dict[Any, int]:
    key = (seller_orders.c.seller_pk, seller_orders.c.status, seller_orders.c.order_pk % SHARDS)
    stored = work.execute(sa.select(*key, sa.func.count()).group_by(*key))
    return {tuple(key): count for *key, count in stored}
