"""Refunds of the requests in imported orders."""

from datetime import timedelta

import pytest

from domain.cancellations.imported_plans import plan_imported_requests
from domain.orders.cancellations import CancellationStatus
from domain.orders.states import OrderState
from tests.support.builders import make_discount
from tests.support.cancellation_fakes import delivered_item
from tests.support.imported_requests import (
    LATER,
    decided_here,
    imported,
    line,
    planned,
    refund,
    returned,
)


class TestCompleted:
    def test_have_the_price_of_their_units(self) -> None:
        first, second = imported("completed"), imported("completed")

        order = planned(line(first), line(second, price=3000), refund_amount=4000)

        assert (refund(order, first), refund(order, second)) == ((3000, 0, 0), (1000, 0, 0))

    def test_have_the_discount_of_their_units(self) -> None:
        request = imported("completed")
        lines = line(request, discount_amount=900)

        order = planned(
            lines,
            discounts=[make_discount(amount=900)],
            refund_amount=2700,
            discount_refund_amount=300,
        )

        assert refund(order, request) == (2700, 300, 0)

    @pytest.mark.parametrize(
        ("given", "amounts"), [(0, (0, 0)), (2000, (1500, 500)), (5000, (3000, 1000))]
    )
    def test_divide_the_refund_of_the_document(self, given: int, amounts: tuple[int, int]) -> None:
        first, second = imported("completed"), imported("completed")

        order = planned(line(first), line(second, price=3000), refund_amount=given)

        assert (refund(order, first)[0], refund(order, second)[0]) == amounts

    @pytest.mark.parametrize(("given", "amount"), [(4000, 3000), (2000, 1000), (500, 0)])
    def test_have_what_was_not_refunded_here(self, given: int, amount: int) -> None:
        here, plan = decided_here(refund_amount=1000)
        request = imported("completed")

        order = planned(line(request), here, refund_amount=given, cancellation_plans=[plan])

        assert refund(order, request) == (amount, 0, 0)

    def test_have_the_shipping_in_the_last_cancel(self) -> None:
        last, first = imported("completed", modified_date=LATER), imported("completed")
        returned_last = returned("completed", modified_date=LATER + timedelta(hours=1))
        lines = line(last), line(first), line(returned_last, refunded_quantity=1)

        order = planned(*lines, shipping_amount=850, refund_amount=9850, shipping_refund_amount=850)

        assert refund(order, last) == (3850, 0, 850)
        assert refund(order, first) == (3000, 0, 0)
        assert refund(order, returned_last) == (3000, 0, 0)

    @pytest.mark.parametrize(("given", "lost"), [(250, 150), (200, 100)])
    def test_have_the_discount_that_was_not_lost_here(self, given: int, lost: int) -> None:
        here, plan = decided_here(discount_refund_amount=100)
        request = imported("completed")

        order = planned(
            *(line(request), here),
            discounts=[make_discount(amount=900)],
            discount_refund_amount=given,
            cancellation_plans=[plan],
        )

        assert refund(order, request)[1] == lost

    def test_have_the_shipping_alone(self) -> None:
        request = imported("completed")

        order = planned(
            line(request), shipping_amount=850, refund_amount=850, shipping_refund_amount=850
        )

        assert refund(order, request) == (850, 0, 850)

    def test_have_the_shipping_that_was_not_refunded_here(self) -> None:
        here, plan = decided_here(refund_amount=300, shipping_refund_amount=300)
        request = imported("completed")

        order = planned(
            *(line(request), here),
            shipping_amount=850,
            refund_amount=3850,
            shipping_refund_amount=850,
            cancellation_plans=[plan],
        )

        assert refund(order, request) == (3550, 0, 550)

    @pytest.mark.parametrize(("given", "amount"), [(849, 0), (3849, 2999)])
    def test_have_no_shipping_that_others_have(self, given: int, amount: int) -> None:
        here, plan = decided_here(refund_amount=850, shipping_refund_amount=850)
        request = imported("completed")

        order = planned(
            line(request), here, refund_amount=given, cancellation_plans=[plan], shipping_amount=850
        )

        assert refund(order, request) == (amount, 0, 0)

    def test_have_no_shipping_without_goods(self) -> None:
        here, plan = decided_here(refund_amount=1)
        request = imported("completed")

        order = planned(
            *(line(request), here),
            shipping_amount=850,
            refund_amount=850,
            shipping_refund_amount=850,
            cancellation_plans=[plan],
        )

        assert refund(order, request) == (0, 0, 0)

    def test_returns_have_no_shipping(self) -> None:
        request = returned("completed")

        order = planned(
            line(request, refunded_quantity=1),
            shipping_amount=850,
            refund_amount=3850,
            shipping_refund_amount=850,
        )

        assert refund(order, request) == (3000, 0, 0)


class TestApproved:
    @pytest.mark.parametrize(
        ("refunds", "amounts"),
        [
            ((0, 0), (3000, 3000)),
            ((1000, 0), (3000, 2000)),
            ((1850, 850), (3000, 2000)),
            ((7000, 0), (0, 0)),
        ],
    )
    def test_cancels_promise_what_is_not_refunded(
        self, refunds: tuple[int, int], amounts: tuple[int, int]
    ) -> None:
        requests = imported("approved"), imported("approved", created_date=LATER)

        order = planned(
            line(requests[0]),
            line(requests[1]),
            shipping_amount=850,
            refund_amount=refunds[0],
            shipping_refund_amount=refunds[1],
        )

        assert tuple(refund(order, request)[0] for request in requests) == amounts

    @pytest.mark.parametrize(
        ("lost", "expected"), [(0, (300, 300)), (100, (300, 200)), (700, (0, 0))]
    )
    def test_cancels_promise_the_discount_that_is_not_lost(
        self, lost: int, expected: tuple[int, int]
    ) -> None:
        requests = imported("approved"), imported("approved")
        lines = [line(request, discount_amount=900) for request in requests]

        order = planned(*lines, discounts=[make_discount(amount=1800)], discount_refund_amount=lost)

        assert tuple(refund(order, request)[1] for request in requests) == expected

    def test_cancels_promise_what_is_not_promised_here(self) -> None:
        here, plan = decided_here(refund_amount=3850, shipping_refund_amount=850)
        here.cancellation_requests[0].status = CancellationStatus.APPROVED
        request = imported("approved")

        order = planned(line(request), here, shipping_amount=850, cancellation_plans=[plan])

        assert refund(order, request) == (3000, 0, 0)

    def test_cancels_promise_their_units_beside_refunded_ones(self) -> None:
        request = imported("approved")

        order = planned(
            line(request, returned("completed"), refunded_quantity=1), refund_amount=3000
        )

        assert refund(order, request) == (3000, 0, 0)

    def test_returns_promise_the_same_again(self) -> None:
        request = returned("approved", quantity=3)
        order = planned(delivered_item(quantity=3, price=9000, cancellation_requests=[request]))

        plan_imported_requests(order)

        assert refund(order, request) == (9000, 0, 0)

    def test_cancels_have_the_shipping_in_the_last(self) -> None:
        requests = imported("approved", quantity=3), imported("approved", quantity=3)
        lines = [line(request, state=OrderState.CANCELLED) for request in requests]

        order = planned(*lines, shipping_amount=850)

        assert [refund(order, request) for request in requests] == [(9000, 0, 0), (9850, 0, 850)]

    def test_returns_promise_their_units(self) -> None:
        request = returned("approved")
        lines = delivered_item(
            quantity=3, price=9000, discount_amount=900, cancellation_requests=[request]
        )

        order = planned(lines, discounts=[make_discount(amount=900)])

        assert refund(order, request) == (2700, 300, 0)

    def test_returns_promise_no_more_than_is_left_of_the_payment(self) -> None:
        request = returned("approved", quantity=3)
        lines = delivered_item(
            quantity=3, price=9000, discount_amount=900, cancellation_requests=[request]
        )

        order = planned(
            lines,
            discounts=[make_discount(amount=900)],
            refund_amount=8000,
            discount_refund_amount=800,
        )

        assert refund(order, request) == (100, 100, 0)


class TestUnits:
    """A line of three units for 100: they are worth 33, 34 and 33."""

    def test_of_no_request_come_first(self) -> None:
        request = imported("completed")

        order = planned(line(request, price=100, cancelled_quantity=2), refund_amount=99)

        assert refund(order, request)[0] == 34

    def test_of_a_line_begin_with_the_first(self) -> None:
        request = imported("completed")

        assert refund(planned(line(request, price=100), refund_amount=99), request)[0] == 33

    def test_that_are_completed_come_before_approved_ones(self) -> None:
        approved, completed = imported("approved"), imported("completed", created_date=LATER)

        order = planned(line(approved, completed, price=100), refund_amount=33)

        assert (refund(order, completed)[0], refund(order, approved)[0]) == (33, 34)

    def test_of_cancels_come_before_those_of_returns(self) -> None:
        back, cancel = returned("approved"), imported("approved", created_date=LATER)

        order = planned(line(back, cancel, price=100))

        assert (refund(order, cancel)[0], refund(order, back)[0]) == (33, 34)

    def test_are_in_the_order_of_their_requests(self) -> None:
        second, first = imported("completed", created_date=LATER), imported("completed")

        order = planned(line(second, first, price=100), refund_amount=67)

        assert (refund(order, first)[0], refund(order, second)[0]) == (33, 34)

    def test_are_at_most_those_of_the_line(self) -> None:
        """An earlier release stored requests with more units."""
        requests = [imported("completed", quantity=2), imported("completed", quantity=2)]

        order = planned(line(*requests, price=100, cancelled_quantity=3), refund_amount=100)

        assert [refund(order, request)[0] for request in requests] == [67, 33]

    def test_that_are_not_counted_are_the_first(self) -> None:
        request = imported("completed")

        order = planned(
            line(request, quantity=2, price=101, cancelled_quantity=0), refund_amount=101
        )

        assert refund(order, request)[0] == 51
