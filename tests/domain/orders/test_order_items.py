from datetime import timedelta
from typing import Any

import pytest

from domain.orders.cancellations import CancellationStatus, CancellationType
from domain.orders.order_items import OrderItem
from domain.orders.return_policy import ReturnPolicy
from domain.orders.states import OrderState
from domain.orders.trade_in_offers import TradeInState
from domain.shared.errors import Conflict
from tests.support.builders import NOW, make_item, make_offer, make_request

POLICY = ReturnPolicy(timedelta(days=14))
BEFORE_SHIPPING = {
    OrderState.WAITING,
    OrderState.APPROVED,
    OrderState.PACKAGE_WAITING,
    OrderState.PACKAGED,
}


def delivered(**overrides: Any) -> OrderItem:
    defaults = {"state": OrderState.DELIVERED, "delivered_date": NOW - timedelta(days=3)}
    return make_item(**defaults | overrides)


def refund(status: CancellationStatus, quantity: int | None = 1) -> Any:
    return make_request(cancellation_type=CancellationType.REFUND, status=status, quantity=quantity)


class TestIsCancellable:
    @pytest.mark.parametrize("state", OrderState)
    def test_is_true_only_before_shipping(self, state: OrderState) -> None:
        assert make_item(state=state).is_cancellable is (state in BEFORE_SHIPPING)

    def test_the_remaining_units_are_cancellable(self) -> None:
        item = make_item(quantity=5, cancelled_quantity=2)

        assert item.cancellable_quantity == 3

    def test_is_false_without_remaining_units(self) -> None:
        assert not make_item(quantity=2, cancelled_quantity=2).is_cancellable

    def test_no_units_are_cancellable_after_shipping(self) -> None:
        assert make_item(state=OrderState.SHIPPED).cancellable_quantity == 0

    def test_is_false_while_a_request_is_open(self) -> None:
        assert not make_item(quantity=2, cancellation_requests=[make_request()]).is_cancellable

    def test_is_true_after_a_rejected_request(self) -> None:
        rejected = make_request(status=CancellationStatus.REJECTED)

        assert make_item(cancellation_requests=[rejected]).is_cancellable


class TestIsRefundable:
    @pytest.mark.parametrize("state", OrderState)
    def test_is_true_only_after_delivery(self, state: OrderState) -> None:
        refundable = delivered(state=state).is_refundable(NOW, POLICY)

        assert refundable is (state is OrderState.DELIVERED)

    def test_is_false_when_the_return_window_closes(self) -> None:
        item = delivered()
        closing = NOW + timedelta(days=11)

        assert item.is_refundable(closing - timedelta(microseconds=1), POLICY)
        assert not item.is_refundable(closing, POLICY)

    def test_is_false_without_a_delivery_date(self) -> None:
        assert not delivered(delivered_date=None).is_refundable(NOW, POLICY)

    def test_the_remaining_units_are_refundable(self) -> None:
        item = delivered(quantity=5, cancelled_quantity=1, refunded_quantity=2)

        assert item.refundable_quantity(NOW, POLICY) == 2

    def test_is_false_while_a_request_is_open(self) -> None:
        item = delivered(quantity=3, cancellation_requests=[refund(CancellationStatus.OPEN)])

        assert item.refundable_quantity(NOW, POLICY) == 0

    def test_units_of_approved_returns_are_not_refundable(self) -> None:
        item = delivered(quantity=3, cancellation_requests=[refund(CancellationStatus.APPROVED)])

        assert item.refundable_quantity(NOW, POLICY) == 2

    def test_is_false_when_the_return_of_all_units_is_approved(self) -> None:
        agreed = refund(CancellationStatus.APPROVED, quantity=None)

        assert not delivered(quantity=3, cancellation_requests=[agreed]).is_refundable(NOW, POLICY)

    def test_a_completed_return_is_not_subtracted_twice(self) -> None:
        done = refund(CancellationStatus.COMPLETED)

        item = delivered(quantity=3, refunded_quantity=1, cancellation_requests=[done])

        assert item.refundable_quantity(NOW, POLICY) == 2

    def test_a_window_beyond_the_last_date_never_closes(self) -> None:
        assert delivered().is_refundable(NOW, ReturnPolicy(timedelta.max))

    def test_there_is_no_deadline_without_remaining_units(self) -> None:
        item = delivered(quantity=2, cancelled_quantity=1, refunded_quantity=1)

        assert item.refundable_until(POLICY) is None
        assert delivered().refundable_until(POLICY) == NOW + timedelta(days=11)


class TestIsRejectable:
    @pytest.mark.parametrize("state", OrderState)
    def test_is_true_only_before_packaging(self, state: OrderState) -> None:
        before = {OrderState.WAITING, OrderState.APPROVED, OrderState.PACKAGE_WAITING}

        # Without an earlier state, a line with an open cancellation was waiting before.
        expected = state in before | {OrderState.CANCELLATION_WAITING}
        assert make_item(state=state).is_rejectable is expected

    @pytest.mark.parametrize("before", [OrderState.APPROVED, OrderState.PACKAGED])
    def test_depends_on_the_earlier_state_while_a_cancellation_is_open(
        self, before: OrderState
    ) -> None:
        item = make_item(state=OrderState.CANCELLATION_WAITING, state_before_cancellation=before)

        assert item.is_rejectable is (before is OrderState.APPROVED)

    def test_is_false_without_remaining_units(self) -> None:
        assert not make_item(quantity=2, cancelled_quantity=2).is_rejectable


class TestDecisions:
    def test_a_request_without_units_is_not_approved(self) -> None:
        request = make_request(quantity=0)
        item = make_item(quantity=2, cancellation_requests=[request])

        with pytest.raises(Conflict, match="fewer units"):
            item.approve_request(request, NOW)

    @pytest.mark.parametrize("before", [None, OrderState.WAITING, OrderState.PACKAGED])
    def test_rejecting_a_cancellation_restores_the_state(self, before: OrderState | None) -> None:
        request = make_request()
        item = make_item(
            state=OrderState.CANCELLATION_WAITING,
            state_before_cancellation=before,
            cancellation_requests=[request],
        )

        item.reject_request(request, NOW)

        assert item.state is (before or OrderState.WAITING)
        assert item.state_before_cancellation is None


class TestActiveCancellationRequest:
    def test_is_the_most_recent_active_request(self) -> None:
        approved = make_request(pk=1, status=CancellationStatus.APPROVED)
        opened = make_request(pk=2)
        later = NOW + timedelta(days=1)
        rejected = make_request(pk=3, status=CancellationStatus.REJECTED, created_date=later)

        item = make_item(cancellation_requests=[approved, opened, rejected])

        assert item.active_cancellation_request is opened

    def test_is_none_if_all_are_closed(self) -> None:
        done = make_request(pk=1, status=CancellationStatus.COMPLETED)

        assert make_item(cancellation_requests=[done]).active_cancellation_request is None


class TestIsCancelled:
    @pytest.mark.parametrize("state", OrderState)
    def test_is_true_for_cancelled_and_rejected_items(self, state: OrderState) -> None:
        is_cancelled = state in {OrderState.CANCELLED, OrderState.REJECTED}

        assert make_item(state=state).is_cancelled is is_cancelled


def test_the_defaults_of_a_line() -> None:
    item = make_item(price=10000)

    assert (item.quantity, item.discount_amount, item.settled_quantity) == (1, 0, 0)
    assert (item.cancelled_quantity, item.refunded_quantity) == (0, 0)


def test_the_discounted_price_is_the_price_less_the_discount() -> None:
    assert make_item(price=10000, discount_amount=1500).discounted_price == 8500


class TestIsTradable:
    def test_is_true_while_an_offer_is_open(self) -> None:
        item = make_item(trade_in_offers=[make_offer()])

        assert item.is_tradable(NOW)
        assert item.tradable_until(NOW) == NOW + timedelta(days=7)

    def test_depends_on_the_newest_offer_only(self) -> None:
        closed = make_offer(state=TradeInState.REJECTED)

        assert make_item(trade_in_offers=[closed, make_offer()]).is_tradable(NOW)
        assert not make_item(trade_in_offers=[make_offer(), closed]).is_tradable(NOW)

    def test_is_false_after_the_offer_expires(self) -> None:
        assert not make_item(trade_in_offers=[make_offer(expires_date=NOW)]).is_tradable(NOW)

    @pytest.mark.parametrize("state", sorted(set(TradeInState) - {TradeInState.OPEN}))
    def test_is_false_after_an_answer(self, state: TradeInState) -> None:
        assert not make_item(trade_in_offers=[make_offer(state=state)]).is_tradable(NOW)

    def test_is_false_without_an_offer(self) -> None:
        assert not make_item().is_tradable(NOW)


@pytest.mark.parametrize(
    ("status", "is_imported", "is_settled"),
    [
        ("approved", False, True),
        ("completed", False, True),
        ("approved", True, False),
        ("open", False, False),
        ("rejected", False, False),
    ],
)
def test_only_requests_that_are_approved_in_waybill_are_settled_here(
    status: str, is_imported: bool, is_settled: bool
) -> None:
    request = make_request(status=CancellationStatus(status), is_imported=is_imported)

    assert make_item(cancellation_requests=[request]).is_settled_here is is_settled
