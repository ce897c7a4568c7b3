from datetime import time, timedelta
from typing import Any

import pytest

from domain.accounts.callers import ANONYMOUS, Caller
from domain.cancellations.codes import CancellationCode
from domain.cancellations.drafts import PickupSlot
from domain.cancellations.requests import create_cancellation_request
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.shared.errors import FieldErrors, Refusal, RuleBroken
from domain.shared.identifiers import MAX_PK
from tests.support.builders import (
    NOW,
    make_address,
    make_easy_return_company,
    make_payment_option,
    make_reason,
    make_request,
)
from tests.support.cancellation_fakes import (
    CANCEL,
    GOOD_IBAN,
    POLICY,
    REFUND,
    SHOPPER,
    SLOT,
    STRANGER,
    TOMORROW,
    FakeUnitOfWork,
    delivered_item,
    draft,
    stored_item,
    stored_order,
)

BY_TRANSFER = make_payment_option(payment_type="funds_transfer")


def refusal_of(order: Order, caller: Caller = SHOPPER, reasons: Any = (), **fields: Any) -> Refusal:
    """The refusal of a request for the order's first line, which changes nothing."""
    uow = FakeUnitOfWork(order, reasons=reasons)
    with pytest.raises((FieldErrors, RuleBroken)) as caught:
        create_cancellation_request(caller, draft(order.items[0], **fields), POLICY, uow)
    assert (uow.outbox.added, uow.audit.added, uow.commits) == ([], [], 0)
    refusal: Refusal = caught.value
    return refusal


def codes(refusal: Refusal) -> dict[str, str]:
    assert isinstance(refusal, FieldErrors)
    return {field: error.code for field, error in refusal.errors.items()}


def collected_item() -> OrderItem:
    """A delivered item that a carrier would collect."""
    company = make_easy_return_company(requires_pickup_address=True)
    return delivered_item(easy_return_companies=[company])


def collected(order: Order, **fields: Any) -> dict[str, Any]:
    """The fields to return the order's first item by a carrier that collects it."""
    return {
        "cancellation_type": REFUND,
        "shipping_company": order.items[0].easy_return_companies[0].pk,
        "pickup_address": order.shipping_address.pk,
        "pickup_date": SLOT,
    } | fields


def accepted(order: Order, **fields: Any) -> bool:
    uow = FakeUnitOfWork(order)
    request = create_cancellation_request(SHOPPER, draft(order.items[0], **fields), POLICY, uow)
    return request in order.items[0].cancellation_requests


class TestPickupDate:
    @pytest.mark.parametrize("days", [-1, 0, 31])
    def test_must_be_one_of_the_next_30_days(self, days: int) -> None:
        slot = PickupSlot(NOW.date() + timedelta(days=days), time(9), time(12))

        refusal = refusal_of(stored_order(delivered_item()), pickup_date=slot)

        assert codes(refusal) == {"pickup_date": CancellationCode.UNSUITABLE_PICKUP_DATE}

    @pytest.mark.parametrize("hours", [(12, 9), (9, 9)])
    def test_must_begin_before_it_ends(self, hours: tuple[int, int]) -> None:
        slot = PickupSlot(TOMORROW, *(time(hour) for hour in hours))

        refusal = refusal_of(stored_order(delivered_item()), pickup_date=slot)

        assert codes(refusal) == {"pickup_date": CancellationCode.UNSUITABLE_PICKUP_HOURS}

    @pytest.mark.parametrize("days", [1, 30])
    def test_is_accepted_within_the_next_30_days(self, days: int) -> None:
        order = stored_order(collected_item())
        slot = PickupSlot(NOW.date() + timedelta(days=days), time(9), time(12))

        assert accepted(order, **collected(order, pickup_date=slot))


class TestIds:
    def test_all_unknown_ids_are_reported_together(self) -> None:
        refusal = refusal_of(stored_order(), reason=77, shipping_company=78, pickup_address=79)

        assert codes(refusal) == {
            "reason": CancellationCode.UNKNOWN_REASON,
            "shipping_company": CancellationCode.UNKNOWN_SHIPPING_COMPANY,
            "pickup_address": CancellationCode.UNKNOWN_PICKUP_ADDRESS,
        }

    @pytest.mark.parametrize("caller", [STRANGER, ANONYMOUS, Caller(1, is_guest=True, order_pk=5)])
    def test_a_foreign_line_gets_the_same_error_as_an_absent_one(self, caller: Caller) -> None:
        fields = {"shipping_company": 78, "quantity": 5}
        foreign = refusal_of(stored_order(), caller, **fields)

        uow = FakeUnitOfWork()
        with pytest.raises(FieldErrors) as caught:
            create_cancellation_request(caller, draft(1, **fields), POLICY, uow)

        assert (
            codes(foreign)
            == codes(caught.value)
            == {"order_item": CancellationCode.UNKNOWN_ORDER_ITEM}
        )

    @pytest.mark.parametrize("pk", [0, -1, MAX_PK + 1])
    def test_an_id_that_can_not_be_stored_is_unknown(self, pk: int) -> None:
        with pytest.raises(FieldErrors) as caught:
            create_cancellation_request(
                SHOPPER, draft(pk, reason=pk, pickup_address=pk), POLICY, FakeUnitOfWork()
            )

        assert set(codes(caught.value)) == {"order_item", "reason", "pickup_address"}

    def test_an_address_of_another_order_of_the_caller_is_accepted(self) -> None:
        order = stored_order(collected_item())
        other = stored_order(shipping_address=make_address(line="Elsewhere 5"))
        fields = collected(order, pickup_address=other.shipping_address.pk)
        chosen = draft(order.items[0], **fields)

        create_cancellation_request(SHOPPER, chosen, POLICY, FakeUnitOfWork(order, other))

    def test_a_guest_with_a_grant_may_use_addresses_of_the_granted_order_only(self) -> None:
        order = stored_order(delivered_item())
        other = stored_order(shipping_address=make_address(line="Elsewhere 5"))
        guest = Caller(1, is_guest=True, order_pk=order.pk)
        chosen = draft(
            order.items[0], cancellation_type=REFUND, pickup_address=other.shipping_address.pk
        )

        with pytest.raises(FieldErrors) as caught:
            create_cancellation_request(guest, chosen, POLICY, FakeUnitOfWork(order, other))

        assert codes(caught.value) == {"pickup_address": CancellationCode.UNKNOWN_PICKUP_ADDRESS}


class TestReason:
    def test_must_have_the_type_of_the_request(self) -> None:
        refusal = refusal_of(stored_order(), reason=2)

        assert codes(refusal) == {"reason": CancellationCode.UNSUITABLE_REASON}

    def test_must_be_active(self) -> None:
        retired = make_reason(pk=3, is_active=False)

        refusal = refusal_of(stored_order(), reasons=[retired], reason=3)

        assert codes(refusal) == {"reason": CancellationCode.UNSUITABLE_REASON}

    @pytest.mark.parametrize("description", [None, "", "  \n"])
    def test_may_require_a_description(self, description: str | None) -> None:
        reason = make_reason(pk=3, extra_information_needed=True)

        refusal = refusal_of(stored_order(), reasons=[reason], reason=3, description=description)

        assert codes(refusal) == {"description": CancellationCode.DESCRIPTION_REQUIRED}


class TestQuantity:
    def test_must_not_exceed_the_remaining_units(self) -> None:
        order = stored_order(stored_item(quantity=3, cancelled_quantity=1))

        refusal = refusal_of(order, quantity=3)

        assert isinstance(refusal, FieldErrors)
        error = refusal.errors["quantity"]
        assert error.message == "Quantity can not be greater than order item quantity."
        assert error.code == "cancellation_request_100_5"

    def test_may_be_all_remaining_units(self) -> None:
        assert accepted(stored_order(stored_item(quantity=3, cancelled_quantity=1)), quantity=2)

    def test_is_checked_before_the_state(self) -> None:
        refusal = refusal_of(stored_order(stored_item(state=OrderState.SHIPPED)), quantity=2)

        assert codes(refusal) == {"quantity": CancellationCode.TOO_MANY_UNITS}


class TestState:
    def test_a_shipped_line_can_not_be_cancelled(self) -> None:
        refusal = refusal_of(stored_order(stored_item(state=OrderState.SHIPPED)))

        assert isinstance(refusal, RuleBroken)
        assert refusal.code == CancellationCode.NOT_CANCELLABLE

    def test_a_line_that_was_not_delivered_can_not_be_returned(self) -> None:
        refusal = refusal_of(stored_order(), cancellation_type=REFUND)

        assert refusal.code == CancellationCode.NOT_REFUNDABLE

    def test_a_line_with_an_open_request_can_not_get_another(self) -> None:
        refusal = refusal_of(stored_order(stored_item(cancellation_requests=[make_request()])))

        assert refusal.code == CancellationCode.NOT_CANCELLABLE

    def test_is_checked_before_the_pickup_address(self) -> None:
        refusal = refusal_of(stored_order(), cancellation_type=REFUND, pickup_date=SLOT)

        assert refusal.code == CancellationCode.NOT_REFUNDABLE


class TestPickupAddress:
    def test_is_required_with_a_pickup_date(self) -> None:
        order = stored_order(delivered_item())

        refusal = refusal_of(order, cancellation_type=REFUND, pickup_date=SLOT)

        assert isinstance(refusal, RuleBroken)
        assert refusal.message == "Pickup address is required."
        assert refusal.code == "cancellation_request_100_8"

    def test_is_required_by_a_carrier_that_collects(self) -> None:
        collecting = make_easy_return_company(requires_pickup_address=True)
        order = stored_order(delivered_item(easy_return_companies=[collecting]))

        refusal = refusal_of(order, cancellation_type=REFUND, shipping_company=collecting.pk)

        assert refusal.code == CancellationCode.PICKUP_ADDRESS_REQUIRED

    def test_is_not_required_by_other_carriers(self) -> None:
        company = make_easy_return_company()
        order = stored_order(delivered_item(easy_return_companies=[company]))

        assert accepted(order, cancellation_type=REFUND, shipping_company=company.pk)

    def test_is_checked_before_the_account(self) -> None:
        order = stored_order(delivered_item(), payment_option=BY_TRANSFER)

        refusal = refusal_of(order, cancellation_type=REFUND, pickup_date=SLOT)

        assert refusal.code == CancellationCode.PICKUP_ADDRESS_REQUIRED


class TestCarrier:
    @pytest.mark.parametrize("without", [{}, {"pickup_date": None}])
    def test_is_required_for_a_pickup(self, without: dict[str, Any]) -> None:
        order = stored_order(collected_item(), payment_option=BY_TRANSFER)

        refusal = refusal_of(order, **collected(order, shipping_company=None, **without))

        assert codes(refusal) == {"shipping_company": "cancellation_request_100_18"}

    def test_is_checked_after_the_pickup_address(self) -> None:
        order = stored_order(collected_item())
        fields = collected(order, shipping_company=None, pickup_address=None)

        assert refusal_of(order, **fields).code == CancellationCode.PICKUP_ADDRESS_REQUIRED

    def test_is_not_required_without_a_pickup(self) -> None:
        """A client may send the same address with every request."""
        order = stored_order(collected_item(), stored_item())

        assert accepted(order, cancellation_type=REFUND)
        uow, address = FakeUnitOfWork(order), order.shipping_address.pk
        cancelled = draft(order.items[1], pickup_address=address, pickup_date=SLOT)
        assert create_cancellation_request(SHOPPER, cancelled, POLICY, uow).easy_return is None


class TestAccount:
    def test_is_required_for_returns_that_were_not_paid_by_card(self) -> None:
        order = stored_order(delivered_item(), payment_option=BY_TRANSFER)

        refusal = refusal_of(order, cancellation_type=REFUND)

        assert codes(refusal) == {
            "iban": CancellationCode.IBAN_REQUIRED,
            "holder_name": CancellationCode.HOLDER_NAME_REQUIRED,
        }

    def test_an_invalid_iban_is_refused_and_not_echoed(self) -> None:
        wrong = GOOD_IBAN.replace("33", "34")

        refusal = refusal_of(stored_order(), cancellation_type=CANCEL, iban=wrong)

        assert codes(refusal) == {"iban": CancellationCode.INVALID_IBAN}
        assert wrong not in repr((refusal, vars(refusal)))

    @pytest.mark.parametrize(
        ("payment_type", "fields"),
        [
            ("credit_card", {}),
            ("masterpass", {"iban": GOOD_IBAN}),
            ("funds_transfer", {"iban": GOOD_IBAN, "holder_name": "Ayşe Yılmaz"}),
            ("funds_transfer", {"fully_refund_as_loyalty_money": True}),
        ],
    )
    def test_is_accepted_for_the_payment_type(
        self, payment_type: str, fields: dict[str, Any]
    ) -> None:
        option = make_payment_option(payment_type=payment_type)
        order = stored_order(delivered_item(), payment_option=option)

        assert accepted(order, cancellation_type=REFUND, **fields)

    def test_is_not_required_to_cancel(self) -> None:
        assert accepted(stored_order(payment_option=BY_TRANSFER))
