from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.users import UserType
from domain.imports import parts as import_parts
from domain.imports.parts import Rejected, SnapshotPool
from domain.orders.cancellations import CancellationStatus, CancellationType, CancelStatus
from domain.orders.orders import OrderType
from domain.orders.payments import Bank
from domain.orders.states import OrderState
from domain.shared.money import Currency
from tests.support.documents import (
    address_document,
    imported_old_order,
    imported_order,
    line_document,
    request_document,
    user_document,
)


def rejected(**overrides: Any) -> str:
    """The pointer in the error about an order document."""
    with pytest.raises(Rejected) as caught:
        imported_order(**overrides)
    return caught.value.pointer


class TestOrder:
    def test_absent_fields_have_the_defaults_of_entities(self) -> None:
        values = imported_order().values

        assert values["currency"] is Currency.TRY
        assert values["state"] is OrderState.DELIVERED
        assert values["order_type"] is OrderType.REGULAR
        assert values["client_type"] == "default"
        assert values["user_email"] == "ayse@example.com"
        assert values["installment_count"] == 1
        assert values["shipping_amount"] == 0
        assert values["payment_pending"] is False

    def test_null_stays_null(self) -> None:
        values = imported_order(order_type=None, has_gift_box=None).values

        assert (values["order_type"], values["has_gift_box"]) == (None, None)

    def test_times_are_converted_to_utc(self) -> None:
        values = imported_order(invoice_date="2026-02-15T00:00:00-05:00").values

        assert values["created_date"] == datetime(2026, 2, 14, 6, tzinfo=UTC)
        assert values["modified_date"] == datetime(2026, 2, 14, 6, tzinfo=UTC)
        assert values["invoice_date"] == datetime(2026, 2, 15, 5, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        [
            "2026-03-31",
            "2026-03-31 00:00:00Z",
            "2026-03-31t00:00:00z",
            "2026-03-31T03:00:00+0300",
            "2026-03-30 20:00:00.000-0400",
        ],
    )
    def test_times_are_read_in_printed_formats(self, text: str) -> None:
        values = imported_order(created_date=text).values

        assert values["created_date"] == datetime(2026, 3, 31, tzinfo=UTC)

    def test_amounts_have_the_exponent_of_their_currency(self) -> None:
        lines = [line_document(unit_price="1.250")]

        order = imported_order(currency="kwd", items=lines, shipping_amount="0.5")

        assert order.items[0].values["price"] == 1250
        assert order.values["shipping_amount"] == 500

    def test_the_billing_address_defaults_to_the_shipping_address(self) -> None:
        order = imported_order()

        assert order.billing_address is order.shipping_address

    def test_ids_are_derived_from_number_and_line(self) -> None:
        first, second = imported_order(), imported_order(notes="changed")

        assert first.values["uuid"] == second.values["uuid"]
        assert first.items[0].values["uuid"] == second.items[0].values["uuid"]
        assert first.document_hash != second.document_hash

    def test_a_user_is_identified_by_address_and_type(self) -> None:
        user = imported_order(user=user_document(email="AYSE@Example.com", user_type="guest")).user

        assert (user.email, user.email_key) == ("AYSE@Example.com", "ayse@example.com")
        assert user.user_type is UserType.GUEST

    @pytest.mark.parametrize(
        ("overrides", "pointer"),
        [
            ({"shipping_amount": "1.005"}, "/shipping_amount"),
            ({"created_date": "2016-12-31T23:59:60Z"}, "/created_date"),
            ({"created_date": "0001-01-01T00:00:00+14:00"}, "/created_date"),
            ({"created_date": "2026-02-30 00:00:00+0000"}, "/created_date"),
            ({"user": user_document(email="ayse@localhost")}, "/user/email"),
        ],
    )
    def test_values_that_can_not_be_stored_are_rejected(
        self, overrides: dict[str, Any], pointer: str
    ) -> None:
        assert rejected(**overrides) == pointer


class TestAmounts:
    def test_the_price_of_a_line_is_the_sum_of_its_units(self) -> None:
        (item,) = imported_order(items=[line_document(quantity=3, unit_price="19.99")]).items

        assert (item.values["unit_price"], item.values["price"]) == (1999, 5997)

    def test_discounts_are_divided_by_price_to_the_minor_unit(self) -> None:
        lines = [line_document(line=line, unit_price="10.00") for line in (1, 2, 3)]
        discounts = [{"name": "A", "amount": "6.00"}, {"name": "B", "amount": "4.00"}]

        order = imported_order(items=lines, discounts=discounts)

        assert [item.values["discount_amount"] for item in order.items] == [334, 333, 333]
        assert [row["created_date"] for row in order.discounts] == [
            datetime(2026, 2, 14, 6, tzinfo=UTC)
        ] * 2

    def test_a_full_discount_covers_all_lines(self) -> None:
        lines = [line_document(line=1, unit_price="7.00"), line_document(line=2, unit_price="3.00")]

        order = imported_order(items=lines, discounts=[{"name": "A", "amount": "10.00"}])

        assert [item.values["discount_amount"] for item in order.items] == [700, 300]

    def test_the_right_amount_is_accepted(self) -> None:
        overrides = {"shipping_amount": "5.00", "discounts": [{"name": "A", "amount": "10.00"}]}

        assert imported_order(amount="95.00", **overrides).values["shipping_amount"] == 500

    @pytest.mark.parametrize(
        ("overrides", "pointer"),
        [
            ({"amount": "99.99"}, "/amount"),
            ({"discounts": [{"name": "A", "amount": "100.01"}]}, "/discounts"),
            ({"items": [], "discounts": [{"name": "A", "amount": "0.01"}]}, "/discounts"),
            ({"items": [line_document(quantity=10**6, unit_price="1000000.00")]}, "/items"),
            ({"items": [line_document(unit_price="1.001")]}, "/items/0/unit_price"),
            ({"items": [line_document(), line_document()]}, "/items/1/line"),
        ],
    )
    def test_amounts_that_do_not_add_up_are_rejected(
        self, overrides: dict[str, Any], pointer: str
    ) -> None:
        assert rejected(**overrides) == pointer

    def test_the_amount_has_at_most_twelve_digits(self) -> None:
        (item,) = imported_order(
            items=[line_document(quantity=10**6, unit_price="999999.99")]
        ).items

        assert item.values["price"] == 99_999_999_000_000

    def test_an_order_without_lines_may_have_a_shipping_amount(self) -> None:
        order = imported_order(items=[], state="cancelled", shipping_amount="7.00", amount="7.00")

        assert order.values["refund_amount"] == 0


class TestQuantities:
    @pytest.mark.parametrize(
        ("state", "cancelled", "refunded"),
        [("delivered", 0, 0), ("cancelled", 3, 0), ("rejected", 3, 0), ("refunded", 0, 3)],
    )
    def test_removed_units_are_derived_from_the_state(
        self, state: str, cancelled: int, refunded: int
    ) -> None:
        (item,) = imported_order(items=[line_document(quantity=3, state=state)]).items

        assert item.values["cancelled_quantity"] == cancelled
        assert item.values["refunded_quantity"] == refunded

    def test_cancelled_units_are_not_also_refunded(self) -> None:
        line = line_document(quantity=3, state="refunded", cancelled_quantity=1)

        assert imported_order(items=[line]).items[0].values["refunded_quantity"] == 2

    @pytest.mark.parametrize(
        ("line", "field"),
        [
            ({"cancelled_quantity": 3}, "cancelled_quantity"),
            ({"cancelled_quantity": 1, "refunded_quantity": 2}, "refunded_quantity"),
            ({"state": "cancelled", "cancelled_quantity": 1}, "cancelled_quantity"),
            ({"state": "refunded", "refunded_quantity": 1}, "refunded_quantity"),
        ],
    )
    def test_units_that_do_not_add_up_are_rejected(self, line: dict[str, Any], field: str) -> None:
        assert rejected(items=[line_document(quantity=2, **line)]) == f"/items/0/{field}"


class TestRefunds:
    def test_removed_units_are_refunded_at_their_discounted_price(self) -> None:
        line = line_document(quantity=3, unit_price="10.00", refunded_quantity=1)

        order = imported_order(items=[line], discounts=[{"name": "A", "amount": "3.00"}])

        assert order.values["refund_amount"] == 900
        assert order.values["discount_refund_amount"] == 100
        assert order.values["shipping_refund_amount"] == 0

    def test_shipping_is_refunded_if_all_is_cancelled_and_unshipped(self) -> None:
        order = imported_order(state="cancelled", shipping_amount="5.00")

        assert order.values["shipping_refund_amount"] == 500
        assert order.values["refund_amount"] == 10_500

    def test_shipping_is_not_refunded_if_a_line_was_shipped(self) -> None:
        line = line_document(shipped_date="2026-02-15T00:00:00Z")

        order = imported_order(state="cancelled", shipping_amount="5.00", items=[line])

        assert order.values["refund_amount"] == 10_000

    def test_an_unpaid_order_is_not_refunded(self) -> None:
        order = imported_order(state="cancelled", shipping_amount="5.00", payment_pending=True)

        assert order.values["refund_amount"] == order.values["shipping_refund_amount"] == 0
        assert order.values["discount_refund_amount"] == 0

    def test_amounts_of_the_document_are_not_recomputed(self) -> None:
        order = imported_order(
            state="cancelled", refund_amount="40.00", discount_refund_amount="0.00"
        )

        assert order.values["refund_amount"] == 4000

    def test_shipping_that_is_not_refunded_is_not_in_the_refund(self) -> None:
        order = imported_order(
            state="cancelled", shipping_amount="5.00", shipping_refund_amount="0.00"
        )

        assert order.values["refund_amount"] == 10_000

    @pytest.mark.parametrize(
        "field", ["refund_amount", "shipping_refund_amount", "discount_refund_amount"]
    )
    def test_a_refund_above_the_paid_amount_is_rejected(self, field: str) -> None:
        assert rejected(**{field: "100.01"}) == f"/{field}"


class TestRequests:
    def test_a_request_is_read_with_its_easy_return_and_images(self) -> None:
        easy_return = {
            "shipping_company": {"value": "kuzey", "label": "Kuzey Kargo"},
            "code": "77",
            "status": "active",
            "pickup_date": {
                "date": "2026-02-22",
                "hour_range": {"start": "09:00", "end": "12:00"},
            },
        }
        images = [{"image": "https://cdn.example/1.jpg"}]
        document = request_document(easy_return=easy_return, images=images, quantity=1)

        line = line_document(cancellation_requests=[document], cancel_status="waiting")
        (item,) = imported_order(items=[line]).items

        (request,) = item.requests
        assert item.values["cancel_status"] is CancelStatus.WAITING
        assert request.values["cancellation_type"] is CancellationType.REFUND
        assert request.values["status"] is CancellationStatus.OPEN
        assert request.reason["translations"] == {"en-us": {"subject": "It does not fit"}}
        assert request.easy_return is not None
        assert request.easy_return.values["pickup_date"] == date(2026, 2, 22)
        assert request.easy_return.values["pickup_end"] == time(12)
        assert request.images[0]["created_date"] == datetime(2026, 2, 20, 9, tzinfo=UTC)

    def test_a_line_may_have_its_state_before_the_cancellation(self) -> None:
        line = line_document(state="cancellation_waiting", state_before_cancellation="packaged")

        (item,) = imported_order(items=[line]).items

        assert item.values["state_before_cancellation"] is OrderState.PACKAGED

    def test_the_uuid_of_a_document_is_stored(self) -> None:
        uuid = "1b671a64-40d5-491e-99b0-da01ff1f3341"
        line = line_document(cancellation_requests=[request_document(uuid=uuid)])

        assert imported_order(items=[line]).items[0].requests[0].values["uuid"] == UUID(uuid)

    def test_reasons_with_equal_content_are_one_reason(self) -> None:
        line = line_document(
            quantity=2,
            cancellation_requests=[request_document(status="rejected"), request_document()],
        )

        first, second = imported_order(items=[line]).items[0].requests

        assert first.reason["uuid"] == second.reason["uuid"]
        assert first.values["uuid"] != second.values["uuid"]

    @pytest.mark.parametrize(
        ("requests", "place"),
        [
            ([request_document(quantity=2)], "0/quantity"),
            ([request_document(created_date="2016-12-31T23:59:60Z")], "0/created_date"),
        ],
    )
    def test_invalid_requests_are_rejected(self, requests: list[Any], place: str) -> None:
        line = line_document(cancellation_requests=requests)

        assert rejected(items=[line]) == f"/items/0/cancellation_requests/{place}"


class TestReferences:
    def test_equal_content_is_one_snapshot(self) -> None:
        lines = [line_document(line=line) for line in (1, 2)]

        first, second = imported_order(items=lines).items

        assert first.product is second.product

    def test_a_line_has_its_seller_and_carriers(self) -> None:
        carrier = {"value": "kuzey", "label": "Kuzey Kargo"}
        line = line_document(
            seller={"slug": "usta", "name": "Usta"},
            shipping_company=carrier,
            shipping_option_group={"amount": "9.90", "shipping_option_name": "Standart"},
            easy_return_companies=[{"shipping_company": carrier, "name": "Şubeden"}],
        )

        (item,) = imported_order(items=[line]).items

        assert item.seller is not None
        assert item.seller.slug == "usta"
        assert item.shipping_option_group is not None
        assert item.shipping_option_group.amount == 990
        assert item.easy_return_companies[0].shipping_company is item.shipping_company

    def test_an_address_has_separate_places(self) -> None:
        address = imported_order(shipping_address=address_document(district=None)).shipping_address

        assert list(address.places) == ["country", "city", "township"]
        assert address.values["phone_number"] == ""

    def test_loyalty_money_may_be_negative(self) -> None:
        transactions = [{"amount": "-25.00", "reference": "checkout"}, {"amount": "5.00"}]

        rows = imported_order(loyalty_transactions=transactions).loyalty_transactions

        assert [row["amount"] for row in rows] == [-2500, 500]
        assert {row["user_email"] for row in rows} == {"ayse@example.com"}


class TestOldOrder:
    def test_texts_and_amounts_are_not_changed(self) -> None:
        carrier = {"value": "kuzey", "label": "Kuzey Kargo"}
        old_order = imported_old_order(shipping_company=carrier, discount_amount="5.00")

        assert old_order.values["status"] == "Teslim Edildi"
        assert old_order.values["amount"] == 5000
        assert old_order.values["discount_amount"] == 500
        assert old_order.values["shipping_company"] == "kuzey"
        assert old_order.values["shipping_company_label"] == "Kuzey Kargo"
        assert [(row["line"], row["price"]) for row in old_order.items] == [(1, 5000)]

    def test_an_amount_finer_than_its_currency_is_rejected(self) -> None:
        with pytest.raises(Rejected) as caught:
            imported_old_order(items=[{"price": "1.005"}])

        assert caught.value.pointer == "/items/0/price"


class TestSnapshotPool:
    def test_is_emptied_when_it_is_full(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(import_parts, "_POOL_SIZE", 2)
        pool = SnapshotPool()
        banks = [{"slug": slug, "name": slug} for slug in ("a", "b", "c")]

        first, second, _ = (pool.get(Bank, values) for values in banks)

        assert pool.get(Bank, banks[0]) is not first
        assert second.content_hash == pool.get(Bank, banks[1]).content_hash


def test_counters_below_the_requests_are_checked_with_the_stored_ones() -> None:
    request = request_document(cancellation_type="cancel", status="approved", quantity=3)
    line = line_document(quantity=4, cancelled_quantity=1, cancellation_requests=[request])

    order = imported_order(state="approved", items=[line])

    assert order.values["refund_amount"] == 0
