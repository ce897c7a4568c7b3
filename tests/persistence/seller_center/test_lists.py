"""Sorting and paging of sellers' lists."""

from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest

from domain.accounts.users import User
from domain.sellers.sellers import Seller
from domain.shared.cursors import Cursor, encode_cursor
from domain.shared.errors import InvalidInput, InvalidPage
from domain.shared.filters import Condition, Operator
from domain.shared.paging import CursorPage, Page, PageRequest
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from tests.support import citus
from tests.support.builders import NOW, make_seller
from tests.support.seller_market import Market
from tests.support.stored import plan_of
from tests.support.stored_sellers import list_page, listed, sold, store_sold, two_sellers

ORDERINGS = {
    "seller_orders": (
        *("number", "status", "date_placed", "amount", "discount_amount", "currency"),
        *("created_at", "updated_at"),
    ),
    "seller_order_items": (
        *("status", "price", "retail_price", "discount_amount", "price_currency"),
        *("created_at", "updated_at", "order__number", "order__status", "order__date_placed"),
    ),
    "seller_cancellation_plans": (
        *("created_at", "status", "plan_type", "refund_amount", "discount_refund_amount"),
        *("shipping_refund_amount", "invoice_number"),
    ),
    "seller_customer_addresses": (
        *("email", "first_name", "last_name", "company_name", "postcode"),
    ),
}
ALL = [(resource, name) for resource, names in ORDERINGS.items() for name in names]


def fill(database: Database, user_pk: int, seller: Seller, count: int, start: int = 0) -> None:
    store_sold(
        database,
        user_pk,
        *(
            {
                "number": f"N-{position:04}",
                "created_date": NOW + position // 2 * timedelta(hours=1),
                "items": [
                    sold(
                        seller,
                        price=1000 + position % 3,
                        retail_price=None if position % 3 else position,
                    )
                ],
            }
            for position in range(start, start + count)
        ),
    )


def walk(database: Database, resource: str, seller: Seller, **query: Any) -> list[Any]:
    entries: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = list_page(database, resource, seller, cursor=cursor, limit=2, **query)
        assert isinstance(page, CursorPage)
        entries += page.entries
        cursor = page.next_cursor
    return entries


class TestOrdering:
    @pytest.mark.parametrize(("resource", "name"), ALL)
    @pytest.mark.parametrize("sign", ["", "-"])
    def test_is_the_same_by_cursor_and_by_page(
        self, database: Database, shopper: User, resource: str, name: str, sign: str
    ) -> None:
        market = Market(database)
        whole = listed(database, resource, market.seller, ordering=sign + name)

        assert len(whole) > 2
        assert walk(database, resource, market.seller, ordering=sign + name) == whole
        assert LIST_DEFINITIONS[resource].can_sort(name)

    def test_is_newest_first_by_default(self, database: Database, shopper: User) -> None:
        seller = make_seller()
        fill(database, shopper.pk, seller, 5)

        numbers = [view.number for view in listed(database, "seller_orders", seller)]

        assert numbers == [f"N-{position:04}" for position in (4, 3, 2, 1, 0)]

    @pytest.mark.parametrize("sign", ["", "-"])
    def test_rows_without_a_value_come_last(
        self, database: Database, shopper: User, sign: str
    ) -> None:
        seller = make_seller()
        fill(database, shopper.pk, seller, 7)

        views = listed(database, "seller_order_items", seller, ordering=f"{sign}retail_price")

        prices = [view.retail_price for view in views]
        assert prices[3:] == [None] * 4
        assert prices[:3] == sorted(prices[:3], reverse=sign == "-")

    def test_amounts_sort_as_decimals(self, database: Database, shopper: User) -> None:
        seller = make_seller()
        for currency, price in (("try", 200), ("kwd", 1999), ("eur", 199)):
            order = {"currency": currency, "items": [sold(seller, price=price)]}
            store_sold(database, shopper.pk, order)

        views = listed(database, "seller_orders", seller, ordering="amount")

        assert list(map(attrgetter("amount"), views)) == [199, 1999, 200]

    @pytest.mark.parametrize("ordering", ["seller_pk", "-pk", "--amount", "has_gift_box", "-"])
    def test_refuses_other_columns(self, database: Database, ordering: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            list_page(database, "seller_orders", make_seller(pk=1), ordering=ordering)

        assert refused.value.field == "ordering"


class TestPages:
    def test_have_a_count(self, database: Database, shopper: User) -> None:
        seller, other = two_sellers()
        fill(database, shopper.pk, seller, 5)
        fill(database, shopper.pk, other, 1, start=5)

        page = list_page(database, "seller_orders", seller, page=PageRequest(2, 3))

        assert isinstance(page, Page)
        assert (page.count, page.number, len(page.entries)) == (5, 2, 2)

    def test_are_refused_past_the_end(self, database: Database, shopper: User) -> None:
        with pytest.raises(InvalidPage):
            list_page(database, "seller_orders", make_seller(pk=1), page=PageRequest(2))


class TestWalk:
    @pytest.mark.parametrize("ordering", ["", "date_placed", "-amount", "number"])
    def test_skips_and_repeats_no_row_while_rows_are_added(
        self, database: Database, shopper: User, ordering: str
    ) -> None:
        seller = make_seller()
        fill(database, shopper.pk, seller, 20)
        before = {view.id for view in listed(database, "seller_orders", seller)}
        seen: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = list_page(
                database, "seller_orders", seller, cursor=cursor, limit=3, ordering=ordering
            )
            assert isinstance(page, CursorPage)
            seen += [view.id for view in page.entries]
            cursor = page.next_cursor
            if len(seen) < 20:
                fill(database, shopper.pk, seller, 1, start=100 + len(seen))

        assert len(seen) == len(set(seen))
        assert before <= set(seen)

    def test_has_the_conditions_of_the_list(self, database: Database, shopper: User) -> None:
        seller = make_seller()
        fill(database, shopper.pk, seller, 12)
        condition = Condition("number", Operator.CONTAINS, "N-000")

        page = list_page(database, "seller_orders", seller, [condition], cursor="", limit=20)

        assert isinstance(page, CursorPage)
        assert (len(page.entries), page.next_cursor) == (10, None)

    @pytest.mark.parametrize(("made", "used"), [("amount", "number"), ("", "amount")])
    def test_needs_the_ordering_of_the_cursor(
        self, database: Database, shopper: User, made: str, used: str
    ) -> None:
        seller = make_seller()
        fill(database, shopper.pk, seller, 3)
        page = list_page(database, "seller_orders", seller, cursor="", limit=1, ordering=made)
        assert isinstance(page, CursorPage)

        with pytest.raises(InvalidInput) as refused:
            list_page(database, "seller_orders", seller, cursor=page.next_cursor, ordering=used)

        assert refused.value.field == "cursor"

    def test_refuses_a_cursor_value_of_another_type(self, database: Database) -> None:
        cursor = encode_cursor(Cursor("text", 1), "amount")

        with pytest.raises(InvalidInput) as refused:
            list_page(
                database, "seller_orders", make_seller(pk=1), cursor=cursor, ordering="amount"
            )

        assert refused.value.field == "cursor"


class TestIndexes:
    @pytest.mark.parametrize(
        ("resource", "columns"),
        [("seller_orders", "date_placed_pk"), ("seller_order_items", "created_date_pk")],
    )
    @pytest.mark.parametrize("query", [{"page": PageRequest()}, {"cursor": ""}])
    def test_sort_the_newest_rows(
        self,
        database: Database,
        engines: Engines,
        statements: list[tuple[str, Any]],
        resource: str,
        columns: str,
        query: dict[str, Any],
    ) -> None:
        list_page(database, resource, make_seller(pk=1), **query)

        chosen, values = statements[-1]
        plan = plan_of(engines, chosen, values)
        definition = LIST_DEFINITIONS[resource]
        listing = definition.of_copies if citus.COORDINATOR else definition.of_rows
        assert f"ix_{listing.table}_seller_pk_{columns}" in plan
        assert "TEMP B-TREE" not in plan

    def test_cover_the_count(
        self, database: Database, engines: Engines, statements: list[tuple[str, Any]]
    ) -> None:
        list_page(database, "seller_order_items", make_seller(pk=1))

        counted, values = statements[0]
        plan = plan_of(engines, counted, values)
        # Copies have the version that the page shows in the sellers' orders.
        assert citus.COORDINATOR or "seller_orders" not in plan
        assert "COVERING INDEX" in plan or "Index Only Scan" in plan


class TestAmounts:
    def test_of_plans_exclude_the_shipping_of_other_sellers(self, database: Database) -> None:
        seller = Market(database).seller

        plans = listed(database, "seller_cancellation_plans", seller)

        assert (60, 1000 - 40) in [(p.shipping_refund_amount, p.refund_amount) for p in plans]


class TestAddresses:
    def test_are_those_of_the_sellers_own_orders(self, database: Database, shopper: User) -> None:
        sellers = two_sellers()
        orders = store_sold(
            database,
            shopper.pk,
            *({"number": owner.name, "items": [sold(owner)]} for owner in sellers),
        )

        for seller, order in zip(sellers, orders, strict=True):
            [address] = listed(database, "seller_customer_addresses", seller)
            assert address.id == order.shipping_address.uuid
