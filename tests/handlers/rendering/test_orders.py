from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.orders.orders import OrderType
from domain.orders.states import OrderState
from domain.shared.money import Currency
from tests.support.builders import (
    NOW,
    make_address,
    make_bank,
    make_discount,
    make_item,
    make_loyalty_transaction,
    make_order,
    make_payment_option,
    make_shipping_company,
)
from tests.support.rendered_documents import render_order, served_contract

TRY = {"value": "try", "label": "TL"}


def test_an_order_shows_every_property_of_the_contract() -> None:
    component = served_contract().document["components"]["schemas"]["UserOrder"]

    assert render_order(make_order()).keys() == component["properties"].keys()


def test_pk_and_id_are_the_same_everywhere() -> None:
    order = make_order(
        bank=make_bank(),
        loyalty_transactions=[make_loyalty_transaction()],
        discounts=[make_discount()],
    )

    def check(node: Any) -> int:
        parts = node.values() if isinstance(node, dict) else node
        count = sum(check(part) for part in parts if isinstance(part, dict | list))
        if isinstance(node, dict) and "id" in node:
            assert node["id"] == node["pk"]
            count += 1
        return count

    # order, line, product, two addresses with country and city, payment option, bank, discount,
    # loyalty
    assert check(render_order(order)) == 13


class TestAmounts:
    def test_are_decimals_that_add_up(self) -> None:
        order = make_order(
            items=[make_item(price=7000), make_item(line=2, price=3001)],
            shipping_amount=1490,
            shipping_tax_rate=2000,
            discounts=[make_discount(amount=1000), make_discount(amount=1)],
            refund_amount=5,
            installment_interest_amount=123,
        )

        rendered = render_order(order)

        assert (rendered["amount"], rendered["amount_without_discount"]) == ("104.90", "114.91")
        assert (rendered["discount_amount"], rendered["shipping_amount"]) == ("10.01", "14.90")
        assert (rendered["refund_amount"], rendered["installment_interest_amount"]) == (
            "0.05",
            "1.23",
        )
        assert rendered["shipping_tax_rate"] == "20.00"
        assert [item["discount_amount"] for item in rendered["orderitem_set"]] == ["7.01", "3.00"]

    def test_of_all_parts_have_the_currency_of_the_order(self) -> None:
        order = make_order(
            currency=Currency.KWD,
            items=[make_item(price=1099)],
            discounts=[make_discount(amount=99)],
            loyalty_transactions=[make_loyalty_transaction(amount=-1)],
        )

        rendered = render_order(order)

        assert (rendered["amount"], rendered["orderitem_set"][0]["price"]) == ("1.000", "1.099")
        assert rendered["discountitem_set"][0]["amount"] == "0.099"
        assert rendered["loyaltytransaction_set"][0]["amount"] == "-0.001"
        kwd = {"value": "kwd", "label": "KWD"}
        assert rendered["currency"] == kwd
        assert rendered["orderitem_set"][0]["price_currency"] == kwd
        assert rendered["discountitem_set"][0]["currency"] == kwd


class TestLabels:
    @pytest.mark.parametrize(
        ("state", "value", "english", "turkish"),
        [
            (OrderState.WAITING, "200", "Waiting", "Bekliyor"),
            (OrderState.CANCELLED, "100", "Cancelled", "İptal edildi"),
            (OrderState.REJECTED, "100", "Cancelled", "İptal edildi"),
        ],
    )
    def test_of_states_are_in_the_language_of_the_request(
        self, state: OrderState, value: str, english: str, turkish: str
    ) -> None:
        order = make_order(state=state, items=[make_item(state=state)])

        for language, label in (("en-us", english), ("tr-tr", turkish)):
            rendered = render_order(order, language)
            assert rendered["status"] == {"value": value, "label": label}
            assert rendered["orderitem_set"][0]["status"] == {"value": value, "label": label}

    @pytest.mark.parametrize("state", OrderState)
    @pytest.mark.parametrize("language", ["en-us", "tr-tr"])
    def test_exist_for_every_state(self, state: OrderState, language: str) -> None:
        status = render_order(make_order(state=state), language)["status"]

        assert status["label"] not in {"", status["value"]}

    @pytest.mark.parametrize("order_type", OrderType)
    def test_of_the_order_s_type_may_be_the_value(self, order_type: OrderType) -> None:
        rendered = render_order(make_order(order_type=order_type))["order_type"]

        assert rendered["value"] == order_type.value
        assert rendered["label"]


class TestAbsentParts:
    def test_are_null_or_empty(self) -> None:
        rendered = render_order(make_order(order_type=None))

        for name in ("bank", "shipping_company", "order_type", "tracking_url", "delivery_range"):
            assert rendered[name] is None
        assert (rendered["discountitem_set"], rendered["loyaltytransaction_set"]) == ([], [])

    def test_are_shown_if_present(self) -> None:
        order = make_order(
            bank=make_bank(pk=3, slug="garanti"),
            shipping_company=make_shipping_company(value="ups", label="UPS"),
            order_type=OrderType.ADDON,
            payment_option=make_payment_option(slug="credit-card"),
        )

        rendered = render_order(order)

        assert (rendered["bank"]["pk"], rendered["bank"]["slug"]) == (3, "garanti")
        assert rendered["shipping_company"] == {"value": "ups", "label": "UPS"}
        assert rendered["order_type"]["value"] == "addon"
        assert (
            rendered["payment_option_slug"] == rendered["payment_option"]["slug"] == "credit-card"
        )


class TestFlags:
    def test_of_returns_change_with_the_time(self) -> None:
        delivered = NOW - timedelta(days=10)
        item = make_item(state=OrderState.DELIVERED, delivered_date=delivered)
        order = make_order(state=OrderState.DELIVERED, items=[item])

        for days, refundable in ((13, True), (14, False)):
            rendered = render_order(order, now=delivered + timedelta(days=days))
            [line] = rendered["orderitem_set"]
            assert (rendered["is_refundable"], line["is_refundable"]) == (refundable, refundable)
            assert line["refundable_quantity"] == int(refundable)

    def test_are_derived_from_the_lines(self) -> None:
        lines = [make_item(), make_item(line=2, state=OrderState.CANCELLED)]

        rendered = render_order(make_order(items=lines, payment_pending=True))

        assert (rendered["is_cancellable"], rendered["is_cancelled"]) == (True, False)
        assert [line["is_cancellable"] for line in rendered["orderitem_set"]] == [True, False]
        assert rendered["is_payable"] is True


class TestParts:
    def test_of_discounts_have_the_order(self) -> None:
        discount = make_discount(name="Kupon", code="SPRING")
        order = make_order(number="1666226475313376", discounts=[discount])

        [rendered] = render_order(order)["discountitem_set"]

        assert rendered == {
            "pk": discount.pk,
            "id": discount.pk,
            "order": discount.order_pk,
            "name": "Kupon",
            "code": "SPRING",
            "amount": "10.00",
            "cancel_amount": "0.00",
            "created_date": "2026-03-01T12:00:00.000000Z",
            "order_number": "1666226475313376",
            "currency": TRY,
        }

    def test_of_discounts_have_their_lost_amount(self) -> None:
        discounts = [make_discount(amount=amount) for amount in (1000, 500, 0)]
        order = make_order(discounts=discounts, discount_refund_amount=500)

        rendered = render_order(order)["discountitem_set"]

        assert [discount["cancel_amount"] for discount in rendered] == ["3.33", "1.67", "0.00"]
        assert [discount["code"] for discount in rendered] == [None] * 3

    def test_of_loyalty_have_order_and_user(self) -> None:
        spent = make_loyalty_transaction(amount=-500, order_pk=7, user_pk=4, user_email="a@b.co")

        [rendered] = render_order(make_order(loyalty_transactions=[spent]))[
            "loyaltytransaction_set"
        ]

        assert (rendered["order"], rendered["user"], rendered["user_email"]) == (7, 4, "a@b.co")
        assert (rendered["amount"], rendered["uuid"]) == ("-5.00", str(spent.uuid))

    def test_of_the_same_address_are_shown_twice(self) -> None:
        address = make_address(pk=9)

        rendered = render_order(make_order(shipping_address=address, billing_address=address))

        assert rendered["shipping_address"] == rendered["billing_address"]
        assert rendered["shipping_address"]["pk"] == 9

    def test_that_are_free_json_are_not_changed(self) -> None:
        free = {"a": [None, 1.5, {"ş": "<b>"}]}

        assert render_order(make_order(extra_field=free))["extra_field"] == free

    def test_that_are_times_have_microseconds(self) -> None:
        placed = datetime(2020, 2, 29, 23, 59, 59, 1, UTC)

        rendered = render_order(make_order(created_date=placed))

        assert rendered["created_date"] == "2020-02-29T23:59:59.000001Z"
