"""Sellers' orders are updated with their orders."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from domain.accounts.users import User
from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.cancellations.refunds import planned_requests
from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.orders.seller_shares import CompletedRefunds, OrderTotals, SplitLine, split_order
from domain.orders.states import OrderState
from domain.seller_center.order_items import reject_seller_order_item
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.seller_orders import seller_orders
from tests.persistence.imports.test_store import store_one
from tests.support.builders import make_discount, make_seller, make_shipping_company
from tests.support.documents import line_document
from tests.support.stored_cancellations import StoredCancellations
from tests.support.stored_sellers import (
    caller_of,
    listed,
    sold,
    store_sold,
    stored_counts,
    true_counts,
    two_sellers,
)

Rows = dict[int, dict[str, Any]]


class Sale:
    """An order of two sellers and the shop itself, and changes of it."""

    def __init__(self, database: Database, engines: Engines, user_pk: int) -> None:
        self.database, self.engines = database, engines
        self.sellers = two_sellers()
        items = [
            sold(self.sellers[0], 1, quantity=3, price=3000),
            sold(self.sellers[1], 2, price=999),
            sold(None, 3, price=501),
        ]
        discounts = [make_discount(amount=100)]
        order = {"items": items, "discounts": discounts, "shipping_amount": 777}
        [self.order] = store_sold(database, user_pk, order)
        self.cancellations = StoredCancellations(database)

    def request(self, line: int = 1, **fields: Any) -> int:
        draft = self.cancellations.draft(self.order.items[line - 1].pk, **fields)
        return self.cancellations.create(self.order, draft).pk

    def decide(self, request_pk: int, *services: Any) -> None:
        for service in services:
            self.cancellations.decide(service, request_pk)

    def change(self, work: Callable[[Order], object]) -> None:
        with self.database.writing() as uow:
            [order] = uow.orders.lock_by_items([self.order.items[0].pk], None)
            work(order)
            uow.commit()

    def reject(self) -> None:
        caller = caller_of(self.sellers[0])
        with self.database.writing() as uow:
            reject_seller_order_item(caller, self.order.items[0].uuid, None, uow)
            uow.commit()

    def rows(self) -> Rows:
        return stored_rows(self.engines, self.order.pk)

    def expected(self) -> Rows:
        return expected_rows(self.cancellations.order(self.order.pk))


def stored_rows(engines: Engines, order_pk: int) -> Rows:
    query = sa.select(seller_orders).where(seller_orders.c.order_pk == order_pk)
    with engines.autocommit.connect() as connection:
        rows = connection.execute(query).mappings()
        return {row["seller_pk"]: dict(row) for row in rows}


def expected_rows(order: Order) -> Rows:
    """Return each seller's part of the order, computed by the domain."""
    totals = OrderTotals(
        order.shipping_amount,
        order.refund_amount,
        order.discount_refund_amount,
        order.shipping_refund_amount,
    )
    lines: list[SplitLine] = []
    completed: dict[int | None, CompletedRefunds] = {}
    planned = planned_requests(order)
    for item in order.items:
        pk = item.seller.pk if item.seller else None
        removed = item.cancelled_quantity + item.refunded_quantity
        amounts = (item.quantity, removed, item.price, item.discount_amount)
        lines.append(SplitLine(pk, item.state, item.cancel_status, *amounts))
        for request in item.cancellation_requests:
            if request.status is CancellationStatus.COMPLETED:
                _, refund = planned[request]
                before = completed.get(pk, CompletedRefunds())
                goods = refund.refund_amount - refund.shipping_refund_amount
                discount = before.discount + refund.discount_refund_amount
                completed[pk] = CompletedRefunds(before.goods + goods, discount)
    shares = split_order(totals, lines, completed)
    return {
        pk: {**asdict(share), "status": share.state.seller_code}
        for pk, share in shares.items()
        if pk is not None
    }


def agree(rows: Rows, expected: Rows) -> bool:
    compared = {
        pk: {name: row[name] for name in next(iter(expected.values())) if name != "state"}
        for pk, row in rows.items()
    }
    for row in expected.values():
        row.pop("state")
    return compared == expected


CHANGES: dict[str, Callable[[Sale], object]] = {
    "adding": lambda _: None,
    "requesting": lambda sale: sale.request(),
    "approving": lambda sale: sale.decide(sale.request(quantity=1), approve_request),
    "rejecting": lambda sale: sale.decide(sale.request(), reject_request),
    "completing": lambda sale: sale.decide(
        sale.request(quantity=2), approve_request, complete_request
    ),
    "completing all of a seller's": lambda sale: sale.decide(
        sale.request(line=2), approve_request, complete_request
    ),
    "rejecting by the seller": lambda sale: sale.reject(),
    "setting a state": lambda sale: sale.change(
        lambda order: setattr(order.items[0], "state", OrderState.SHIPPED)
    ),
    "changing the shipping": lambda sale: sale.change(
        lambda order: setattr(order, "shipping_amount", 5)
    ),
    "adding a line": lambda sale: sale.change(
        lambda order: order.items.append(sold(order.items[1].seller, 4))
    ),
    "changing a seller": lambda sale: sale.change(
        lambda order: setattr(order.items[0], "seller", order.items[1].seller)
    ),
}


@pytest.fixture
def sale(database: Database, engines: Engines, shopper: User) -> Sale:
    return Sale(database, engines, shopper.pk)


class TestRows:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
    def test_agree_with_the_order_after(self, sale: Sale, change: Callable[[Sale], object]) -> None:
        change(sale)

        assert agree(sale.rows(), sale.expected())

    def test_do_not_change_their_ids(self, sale: Sale) -> None:
        def ids() -> dict[int, tuple[int, UUID]]:
            return {pk: (row["pk"], row["uuid"]) for pk, row in sale.rows().items()}

        before = ids()
        CHANGES["completing"](sale)

        assert ids() == before

    def test_are_removed_with_the_sellers_last_line(self, sale: Sale) -> None:
        CHANGES["changing a seller"](sale)

        assert list(sale.rows()) == [sale.sellers[1].pk]

    def test_are_created_and_updated_by_imports(self, database: Database, engines: Engines) -> None:
        usta = {"slug": "usta", "name": "Usta"}
        lines = [line_document(line=1, seller=usta), line_document(line=2)]
        pk = store_one(database, items=lines, shipping_amount="5.00").pk
        cancellations = StoredCancellations(database)
        first = agree(stored_rows(engines, pk), expected_rows(cancellations.order(pk)))

        lines[1]["seller"] = {"slug": "other", "name": "Other"}
        store_one(database, items=lines, shipping_amount="7.00")

        rows = stored_rows(engines, pk)
        assert first
        assert len(rows) == 2
        assert agree(rows, expected_rows(cancellations.order(pk)))


class TestFilling:
    def test_creates_the_rows_of_existing_orders(self, sale: Sale, database: Database) -> None:
        before = sale.rows()
        with sale.engines.writing.begin() as connection:
            connection.execute(sa.delete(seller_orders))

        database.migrate()

        made = sale.rows()
        assert stored_counts(sale.engines) == true_counts(sale.engines)
        for row in [*before.values(), *made.values()]:
            del row["pk"]
        assert made == before

    def test_changes_no_existing_rows(self, sale: Sale, database: Database) -> None:
        before = sale.rows()

        database.migrate()

        assert sale.rows() == before


class TestInvoiceAndTracking:
    def test_of_the_order_are_shown_to_its_only_seller(
        self, database: Database, shopper: User
    ) -> None:
        seller = make_seller()
        carrier = make_shipping_company(value="kuzey", label="Kuzey Kargo")
        order = {"invoice_number": "I-1", "extra_field": {"a": 1}, "shipping_company": carrier}
        store_sold(database, shopper.pk, order | {"items": [sold(seller, tracking_number="T-1")]})

        [view] = listed(database, "seller_orders", seller)
        assert (view.invoice_number, view.tracking_number) == ("I-1", "T-1")
        assert (view.shipping_company, view.cargo_company) == ("kuzey", "Kuzey Kargo")
        assert view.extra_field == {"a": 1}

    def test_of_several_sellers_are_those_of_their_own_lines(
        self, database: Database, shopper: User
    ) -> None:
        one, other = two_sellers()
        items = [sold(one, 1), sold(one, 2, invoice_number="I-2"), sold(other, 3)]
        order = {"invoice_number": "I-1", "tracking_number": "T-1", "extra_field": {"a": 1}}
        store_sold(database, shopper.pk, order | {"items": items})

        [view], [others] = (listed(database, "seller_orders", seller) for seller in (one, other))
        assert (view.invoice_number, view.tracking_number) == ("I-2", None)
        assert (others.invoice_number, others.extra_field) == (None, {})
        assert view.id != others.id


class TestPlans:
    def test_do_not_show_a_line_that_moved_to_another_seller(self, sale: Sale) -> None:
        seller, other = sale.sellers
        sale.change(lambda order: order.items.append(sold(order.items[0].seller, 4)))
        sale.order = sale.cancellations.order(sale.order.pk)
        for request in [sale.request(1), sale.request(4)]:
            sale.decide(request, approve_request)

        sale.change(lambda order: setattr(order.items[3], "seller", order.items[1].seller))

        [plan] = listed(sale.database, "seller_cancellation_plans", seller)
        assert plan.order_items == (sale.order.items[0].uuid,)
        assert listed(sale.database, "seller_cancellation_plans", other) == []
