from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.cancellations.refunds import (
    Refund,
    forecast_refund,
    refundable_shipping,
    remaining_discount,
    remaining_payment,
)
from domain.orders.cancellation_plans import CancellationPlanItem
from domain.orders.cancellations import CancellationStatus
from domain.orders.states import OrderState
from tests.support.builders import make_discount, make_request
from tests.support.cancellation_fakes import REFUND, Case, delivered_item, stored_item, stored_order


class TestImportedRequests:
    """They have no plan until the order is changed in Waybill."""

    def test_an_open_cancellation_refunds_all_units_of_its_line(self) -> None:
        request = make_request()
        line = stored_item(
            quantity=2, state=OrderState.CANCELLATION_WAITING, cancellation_requests=[request]
        )
        case = Case(stored_order(line))

        case.decide(request, approve_request, complete_request)

        assert (line.state, request.quantity) == (OrderState.CANCELLED, 2)
        assert case.order.refund_amount == 10000

    def test_the_line_of_a_rejected_request_waits_for_the_seller(self) -> None:
        request = make_request()
        line = stored_item(state=OrderState.CANCELLATION_WAITING, cancellation_requests=[request])

        case = Case(stored_order(line))

        case.decide(request, reject_request)

        assert line.state is OrderState.WAITING

    def test_approved_returns_in_any_order_add_up_to_the_price(self) -> None:
        requests = [
            make_request(cancellation_type=REFUND, status=CancellationStatus.APPROVED, quantity=1)
            for _ in range(3)
        ]
        line = delivered_item(quantity=3, price=1000, cancellation_requests=requests)
        case = Case(stored_order(line))

        for request in reversed(requests):
            case.decide(request, complete_request)

        assert case.order.refund_amount == 1000
        assert line.state is OrderState.REFUNDED

    def test_an_approved_cancellation_is_not_refunded_again(self) -> None:
        request = make_request(status=CancellationStatus.APPROVED, quantity=1)
        line = stored_item(
            state=OrderState.CANCELLED, cancelled_quantity=1, cancellation_requests=[request]
        )
        case = Case(stored_order(line, refund_amount=10000))

        case.decide(request, complete_request)

        assert case.order.refund_amount == 10000

    def test_refunds_never_exceed_the_paid_amount(self) -> None:
        case = Case(stored_order(refund_amount=9000))

        case.complete()

        assert case.order.refund_amount == 10000


class TestPromised:
    """The refund of an approved request can not be refunded again."""

    def test_a_refund_is_at_most_the_remaining_payment(self) -> None:
        line = stored_item(quantity=2, price=10000)
        case = Case(stored_order(line))
        promised = case.create(quantity=1)
        case.decide(promised, approve_request)
        line.price = 6000  # the shop corrects the price of both units

        case.complete(quantity=1)
        case.decide(promised, complete_request)

        assert case.order.refund_amount == 6000

    def test_shipping_is_refunded_once(self) -> None:
        lines = [stored_item(price=1000), stored_item(price=1000)]
        case = Case(stored_order(*lines, shipping_amount=500))
        case.decide(case.create(1), approve_request)
        case.decide(case.create(2), approve_request)
        lines[0].price = 2000  # more is paid than is promised

        assert refundable_shipping(case.order) == 0

    def test_only_shipping_that_is_added_later_is_refunded(self) -> None:
        lines = [stored_item(price=1000), stored_item(price=1000)]
        case = Case(stored_order(*lines, shipping_amount=500))
        case.complete(1)
        case.decide(case.create(2), approve_request)
        case.order.shipping_amount = 800

        assert refundable_shipping(case.order) == 300

    def test_refunded_shipping_is_not_refunded_again(self) -> None:
        lines = [stored_item(price=1000), stored_item(price=1000)]
        case = Case(stored_order(*lines, shipping_amount=500))
        case.complete(1)
        case.complete(2)
        lines[0].price = 9000
        case.order.shipping_amount = 800
        added = refundable_shipping(case.order)
        case.order.shipping_amount = 100

        assert (added, refundable_shipping(case.order)) == (300, 0)

    def test_promises_may_exceed_a_corrected_price(self) -> None:
        line = stored_item(quantity=2, price=10000)
        case = Case(stored_order(line))
        promised = case.create(quantity=1)
        case.decide(promised, approve_request)
        line.price = 1000

        case.complete(quantity=1)

        assert case.order.refund_amount == 0

    def test_rejected_requests_promise_nothing(self) -> None:
        lines = [stored_item(price=1000), stored_item(price=1000)]
        case = Case(stored_order(*lines, shipping_amount=500))
        case.decide(case.create(1), reject_request)
        case.complete(1)
        case.complete(2)

        assert case.order.refund_amount == 2500


class TestSums:
    @pytest.mark.no_cover  # the same lines, thousands of times
    @given(
        lines=st.lists(st.tuples(st.integers(1, 7), st.integers(0, 9999)), min_size=1, max_size=3),
        discount=st.integers(0, 100),
        shipping=st.integers(0, 999),
        turns=st.randoms(use_true_random=False),
    )
    def test_any_sequence_of_partial_refunds_adds_up_to_the_paid_amount(
        self, lines: list[tuple[int, int]], discount: int, shipping: int, turns: Random
    ) -> None:
        items = [stored_item(quantity=units, price=price) for units, price in lines]
        cut = sum(item.price for item in items) * discount // 100
        order = stored_order(
            *items, discounts=[make_discount(amount=cut)], shipping_amount=shipping
        )
        case = Case(order)
        units = [line for line, item in enumerate(items, 1) for _ in range(item.quantity)]
        turns.shuffle(units)

        for number, line in enumerate(units, 1):
            before = order.refund_amount
            case.complete(line, quantity=1)
            exact = items[line - 1].discounted_price / items[line - 1].quantity
            if number < len(units):
                assert abs(order.refund_amount - before - exact) <= 1

        assert order.refund_amount == order.amount
        assert order.discount_refund_amount == order.discount_amount
        assert order.shipping_refund_amount == shipping


class TestUnpaid:
    """Units that were cancelled before the payment are not part of the remaining payment."""

    def settled_before_the_payment(self) -> Case:
        line = stored_item(quantity=2, price=10000)
        discounts = [make_discount(amount=1000)]
        case = Case(stored_order(line, discounts=discounts, payment_pending=True))
        case.complete(quantity=1)
        case.order.payment_pending = False
        return case

    def test_a_plan_item_has_the_unpaid_amounts_of_its_units(self) -> None:
        case = self.settled_before_the_payment()

        [[plan_item]] = [plan.items for plan in case.order.cancellation_plans]

        assert (plan_item.refund_amount, plan_item.discount_refund_amount) == (0, 0)
        assert (plan_item.unpaid_amount, plan_item.unpaid_discount_amount) == (4500, 500)

    def test_unpaid_units_reduce_the_remaining_payment(self) -> None:
        case = self.settled_before_the_payment()

        assert (remaining_payment(case.order), remaining_discount(case.order)) == (4500, 500)

    def test_units_of_a_paid_order_have_no_unpaid_amounts(self) -> None:
        case = Case(stored_order(stored_item(quantity=2, price=10000)))
        case.complete(quantity=1)

        [[plan_item]] = [plan.items for plan in case.order.cancellation_plans]
        fresh = CancellationPlanItem(request=plan_item.request)

        assert (plan_item.unpaid_amount, plan_item.unpaid_discount_amount) == (0, 0)
        assert (fresh.unpaid_amount, fresh.unpaid_discount_amount) == (0, 0)
        assert (Refund().unpaid, Refund().unpaid_discount) == (0, 0)


class TestRemainingDiscount:
    def order_with_discount(self, **fields: Any) -> Case:
        lines = [stored_item(price=10000), stored_item(price=10000)]
        return Case(stored_order(*lines, discounts=[make_discount(amount=2000)], **fields))

    def test_is_reduced_by_lost_and_promised_discounts(self) -> None:
        case = self.order_with_discount(discount_refund_amount=300)
        case.decide(case.create(1), approve_request)

        assert remaining_discount(case.order) == 2000 - 300 - 1000

    def test_is_never_negative(self) -> None:
        case = self.order_with_discount(discount_refund_amount=2500)
        case.decide(case.create(1), approve_request)

        assert remaining_discount(case.order) == 0
        [[plan_item]] = [plan.items for plan in case.order.cancellation_plans]
        assert plan_item.discount_refund_amount == 0

    def test_limits_the_discount_of_a_refund(self) -> None:
        case = self.order_with_discount(discount_refund_amount=1400)
        case.decide(case.create(1), approve_request)

        [[plan_item]] = [plan.items for plan in case.order.cancellation_plans]
        assert plan_item.discount_refund_amount == 600


@pytest.mark.parametrize("removed", [3, 4])
def test_a_request_for_removed_units_has_a_forecast_of_zero(removed: int) -> None:
    request = make_request(quantity=2)
    line = stored_item(
        quantity=3, price=30000, cancelled_quantity=removed, cancellation_requests=[request]
    )
    order = stored_order(line)
    plan_item = CancellationPlanItem(request=request, refund_amount=7)

    forecast_refund(order, line, plan_item)

    assert plan_item.refund_amount == 0


def test_amounts_of_a_refund_default_to_zero() -> None:
    assert Refund() == Refund(amount=0, discount=0, shipping=0, own_shipping=0)
