from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.imports.documents import read_old_order, read_order
from domain.imports.orders import ImportedOrder
from domain.imports.parts import SnapshotPool
from domain.orders.return_policy import ReturnPolicy
from domain.orders.states import OrderState
from handlers.demo_shop import DEMO_EMAIL
from handlers.demo_shop.shop import DEMO_OLD_ORDERS, DEMO_ORDERS, History, histories

TODAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> list[History]:
    return list(histories(users=60, orders_per_user=5, seed=1, today=TODAY))


@pytest.fixture(scope="module")
def orders(shop: list[History]) -> list[ImportedOrder]:
    """All orders as imported, which checks every document against the rules of the domain."""
    pool = SnapshotPool()
    return [read_order(document, b"", pool) for history in shop for document in history.orders]


def moments(part: Any) -> Iterator[datetime]:
    """All times in a document, except the ends of return codes, which are in the future."""
    if isinstance(part, dict):
        for name, value in part.items():
            is_moment = name.endswith("_date") and isinstance(value, str) and "T" in value
            if is_moment and name != "end_date":
                yield datetime.fromisoformat(value)
            yield from moments(value)
    if isinstance(part, list):
        for value in part:
            yield from moments(value)


class TestHistories:
    def test_the_same_arguments_make_the_same_shop(self, shop: list[History]) -> None:
        assert list(histories(60, 5, 1, TODAY)) == shop

    def test_another_seed_makes_another_shop(self, shop: list[History]) -> None:
        (other,) = histories(1, 0, 2, TODAY)

        assert other.shopper.email == shop[0].shopper.email
        assert {row["number"] for row in other.orders}.isdisjoint(
            row["number"] for row in shop[0].orders
        )

    def test_a_shopper_does_not_depend_on_the_others(self, shop: list[History]) -> None:
        assert list(histories(3, 5, 1, TODAY)) == shop[:3]

    def test_another_day_moves_only_the_dates(self) -> None:
        (before,) = histories(1, 0, 1, TODAY)
        (after,) = histories(1, 0, 1, TODAY + timedelta(days=1))

        pairs = zip(moments(before.orders), moments(after.orders), strict=True)
        assert {second - first for first, second in pairs} == {timedelta(days=1)}

    def test_the_demo_shopper_comes_first_and_has_everything(self, shop: list[History]) -> None:
        demo = shop[0]

        assert demo.shopper.email == DEMO_EMAIL
        assert len(demo.orders) == DEMO_ORDERS >= 25
        assert len(demo.old_orders) == DEMO_OLD_ORDERS >= 10
        assert {row["currency"] for row in demo.old_orders} == {"try", "usd", "jod"}
        assert {row["state"] for row in demo.orders} == set(OrderState)

    def test_the_demo_shopper_has_trade_in_offers_for_delivered_items(
        self, shop: list[History]
    ) -> None:
        states = {row["number"]: row["items"][0]["state"] for row in shop[0].orders}

        assert [states[number] for number in shop[0].trade_ins] == ["delivered", "delivered"]
        assert not any(history.trade_ins for history in shop[1:])

    def test_some_addresses_belong_to_companies_and_some_are_inactive(
        self, shop: list[History]
    ) -> None:
        addresses = [address for history in shop for address in history.shopper.addresses]
        companies = [address for address in addresses if address["is_corporate"]]

        assert 0 < len(companies) < len(addresses)
        assert all(company["company_name"] and company["tax_office"] for company in companies)
        # No real person or company has a number that begins with a zero.
        numbers = [
            address.get("identity_number", address.get("tax_no", "0")) for address in addresses
        ]
        assert all(number.startswith("0") for number in numbers)
        assert {company["e_bill_taxpayer"] for company in companies} == {True, False}
        assert {
            address["e_bill_taxpayer"] for address in addresses if address not in companies
        } == {False}
        assert {address["is_active"] for address in addresses} == {True, False}
        assert shop[0].shopper.addresses[-1] in companies

    def test_lines_that_are_shipped_by_a_seller_have_an_invoice(self, shop: list[History]) -> None:
        lines = [line for history in shop for order in history.orders for line in order["items"]]

        invoiced = [line for line in lines if "invoice_number" in line]
        assert invoiced == [line for line in lines if line["seller"] and "shipped_date" in line]
        assert 0 < len(invoiced) < len(lines)

    def test_every_tenth_shopper_is_a_guest_without_old_orders(self, shop: list[History]) -> None:
        guests = [history for history in shop if history.shopper.is_guest]

        assert len(guests) == 6
        assert all(history.orders and not history.old_orders for history in guests)

    def test_numbers_and_addresses_are_unique(self, shop: list[History]) -> None:
        numbers = Counter(row["number"] for history in shop for row in history.orders)
        emails = Counter(history.shopper.email for history in shop)

        assert max(numbers.values()) == max(emails.values()) == 1

    def test_no_time_is_after_today(self, shop: list[History]) -> None:
        assert all(moment < TODAY for history in shop for moment in moments(history.orders))

    def test_old_orders_can_be_imported(self, shop: list[History]) -> None:
        documents = [document for history in shop for document in history.old_orders]

        assert {read_old_order(document, b"").user.email for document in documents} >= {DEMO_EMAIL}


class TestOrders:
    def test_have_all_states_currencies_and_payments(self, orders: list[ImportedOrder]) -> None:
        assert {order.values["state"] for order in orders} == set(OrderState)
        assert {order.values["currency"].value for order in orders} == {"try", "eur", "usd", "kwd"}
        assert len({order.payment_option.slug for order in orders}) == 8

    def test_some_have_several_discounts_lines_units_and_sellers(
        self, orders: list[ImportedOrder]
    ) -> None:
        sellers = [{item.seller and item.seller.slug for item in order.items} for order in orders]

        assert max(len(order.discounts) for order in orders) >= 3
        assert max(len(order.items) for order in orders) == 4
        assert max(item.values["quantity"] for order in orders for item in order.items) > 1
        assert max(map(len, sellers)) >= 3

    def test_some_are_partly_cancelled_or_refunded(self, orders: list[ImportedOrder]) -> None:
        lines = [item.values for order in orders for item in order.items]

        assert any(0 < line["cancelled_quantity"] < line["quantity"] for line in lines)
        assert any(0 < line["refunded_quantity"] < line["quantity"] for line in lines)

    def test_some_can_still_be_returned(self, orders: list[ImportedOrder]) -> None:
        delivered = [
            item.values["delivered_date"]
            for order in orders
            for item in order.items
            if item.values["state"] is OrderState.DELIVERED
        ]

        # The shop may be created at any time of its first day.
        still = [moment for moment in delivered if ReturnPolicy().ends(moment) > TODAY]
        assert all(ReturnPolicy().ends(moment) > TODAY + timedelta(days=1) for moment in still)
        assert 0 < len(still) < len(delivered)

    def test_requests_are_of_every_kind_and_some_have_an_easy_return(
        self, orders: list[ImportedOrder]
    ) -> None:
        requests = [
            request for order in orders for item in order.items for request in item.requests
        ]

        kinds = {
            (request.values["cancellation_type"].value, request.values["status"].value)
            for request in requests
        }
        assert kinds == {
            ("cancel", "open"),
            ("cancel", "completed"),
            ("refund", "open"),
            ("refund", "approved"),
            ("refund", "rejected"),
            ("refund", "completed"),
        }
        assert any(request.easy_return for request in requests)
        assert any(not request.reason["is_active"] for request in requests)
