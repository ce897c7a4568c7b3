from datetime import timedelta
from typing import Any

import pytest

from domain.cancellations import CancellationStatus, CancellationType
from domain.order_items import OrderItem
from domain.policies import ReturnPolicy
from domain.states import OrderState
from domain.trade_in_offers import TradeInState
from tests.builders import NOW, make_item, make_offer, make_request

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
    def test_only_before_shipping(self, state: OrderState) -> None:
        assert make_item(state=state).is_cancellable is (state in BEFORE_SHIPPING)

    def test_as_many_units_as_are_left(self) -> None:
        item = make_item(quantity=5, cancelled_quantity=2)

        assert item.cancellable_quantity == 3

    def test_not_when_nothing_is_left(self) -> None:
        assert not make_item(quantity=2, cancelled_quantity=2).is_cancellable

    def test_not_while_a_request_is_open(self) -> None:
        assert not make_item(quantity=2, cancellation_requests=[make_request()]).is_cancellable

    def test_again_once_the_request_is_decided(self) -> None:
        rejected = make_request(status=CancellationStatus.REJECTED)

        assert make_item(cancellation_requests=[rejected]).is_cancellable


class TestIsRefundable:
    @pytest.mark.parametrize("state", OrderState)
    def test_only_when_delivered(self, state: OrderState) -> None:
        refundable = delivered(state=state).is_refundable(NOW, POLICY)

        assert refundable is (state is OrderState.DELIVERED)

    def test_until_the_window_closes(self) -> None:
        item = delivered()
        closing = NOW + timedelta(days=11)

        assert item.is_refundable(closing - timedelta(microseconds=1), POLICY)
        assert not item.is_refundable(closing, POLICY)

    def test_not_when_nobody_knows_when_it_was_delivered(self) -> None:
        assert not delivered(delivered_date=None).is_refundable(NOW, POLICY)

    def test_as_many_units_as_are_left(self) -> None:
        item = delivered(quantity=5, cancelled_quantity=1, refunded_quantity=2)

        assert item.refundable_quantity(NOW, POLICY) == 2

    def test_not_while_a_request_is_open(self) -> None:
        item = delivered(quantity=3, cancellation_requests=[refund(CancellationStatus.OPEN)])

        assert item.refundable_quantity(NOW, POLICY) == 0

    def test_without_the_units_whose_return_is_agreed(self) -> None:
        item = delivered(quantity=3, cancellation_requests=[refund(CancellationStatus.APPROVED)])

        assert item.refundable_quantity(NOW, POLICY) == 2

    def test_not_when_the_return_of_all_units_is_agreed(self) -> None:
        agreed = refund(CancellationStatus.APPROVED, quantity=None)

        assert not delivered(quantity=3, cancellation_requests=[agreed]).is_refundable(NOW, POLICY)

    def test_a_completed_return_is_in_the_refunded_units(self) -> None:
        done = refund(CancellationStatus.COMPLETED)

        item = delivered(quantity=3, refunded_quantity=1, cancellation_requests=[done])

        assert item.refundable_quantity(NOW, POLICY) == 2

    def test_a_window_past_the_calendar_never_closes(self) -> None:
        assert delivered().is_refundable(NOW, ReturnPolicy(timedelta.max))


class TestActiveCancellationRequest:
    def test_is_the_most_recent_that_is_not_done_with(self) -> None:
        approved = make_request(pk=1, status=CancellationStatus.APPROVED)
        opened = make_request(pk=2)
        later = NOW + timedelta(days=1)
        rejected = make_request(pk=3, status=CancellationStatus.REJECTED, created_date=later)

        item = make_item(cancellation_requests=[approved, opened, rejected])

        assert item.active_cancellation_request is opened

    def test_is_none_where_all_are_done_with(self) -> None:
        done = make_request(pk=1, status=CancellationStatus.COMPLETED)

        assert make_item(cancellation_requests=[done]).active_cancellation_request is None


class TestIsCancelled:
    @pytest.mark.parametrize("state", OrderState)
    def test_when_called_off_by_shopper_or_seller(self, state: OrderState) -> None:
        called_off = state in {OrderState.CANCELLED, OrderState.REJECTED}

        assert make_item(state=state).is_cancelled is called_off


def test_the_discounted_price_is_the_price_without_the_share() -> None:
    assert make_item(price=10000, discount_amount=1500).discounted_price == 8500


class TestIsTradable:
    def test_while_an_offer_is_open(self) -> None:
        item = make_item(trade_in_offers=[make_offer()])

        assert item.is_tradable(NOW)
        assert item.tradable_until(NOW) == NOW + timedelta(days=7)

    def test_not_once_it_has_run_out(self) -> None:
        assert not make_item(trade_in_offers=[make_offer(expires_date=NOW)]).is_tradable(NOW)

    @pytest.mark.parametrize("state", sorted(set(TradeInState) - {TradeInState.OPEN}))
    def test_not_once_it_was_answered(self, state: TradeInState) -> None:
        assert not make_item(trade_in_offers=[make_offer(state=state)]).is_tradable(NOW)

    def test_not_without_an_offer(self) -> None:
        assert not make_item().is_tradable(NOW)
