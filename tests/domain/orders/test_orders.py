from datetime import timedelta

import pytest

from domain.orders.order_items import OrderItem
from domain.orders.return_policy import ReturnPolicy
from domain.orders.states import OrderState
from tests.support.builders import NOW, make_discount, make_item, make_order

POLICY = ReturnPolicy(timedelta(days=14))


def delivered_days_ago(days: int, line: int = 1) -> OrderItem:
    return make_item(
        line=line, state=OrderState.DELIVERED, delivered_date=NOW - timedelta(days=days)
    )


class TestAmounts:
    def test_add_up(self) -> None:
        order = make_order(
            items=[make_item(price=999), make_item(line=2, price=1001)],
            discounts=[make_discount(amount=300), make_discount(amount=0)],
            shipping_amount=850,
        )

        assert order.amount_without_discount == 2850
        assert order.discount_amount == 300
        assert order.amount == 2550

    def test_do_not_change_when_lines_are_cancelled(self) -> None:
        order = make_order(items=[make_item(price=999, state=OrderState.CANCELLED)])

        assert order.amount == 999

    def test_are_zero_by_default(self) -> None:
        order = make_order()

        assert (order.shipping_amount, order.installment_interest_amount) == (0, 0)
        assert (order.refund_amount, order.discount_refund_amount) == (0, 0)
        assert (order.shipping_refund_amount, order.installment_count) == (0, 1)
        assert (order.version, order.has_gift_box) == (1, False)


def test_a_line_is_found_by_its_pk() -> None:
    order = make_order(items=[make_item(pk=1), make_item(line=2, pk=2)])

    assert order.find_item(2) is order.items[1]
    assert order.find_item(3) is None


class TestFlags:
    def test_an_order_is_cancelled_when_all_its_lines_are(self) -> None:
        items = [
            make_item(state=OrderState.CANCELLED),
            make_item(line=2, state=OrderState.REJECTED),
        ]

        assert make_order(items=items).is_cancelled
        assert not make_order(items=[*items, make_item(line=3)]).is_cancelled

    def test_an_order_without_lines_is_not_cancelled(self) -> None:
        assert not make_order(items=[]).is_cancelled

    def test_an_order_is_cancellable_if_one_line_is(self) -> None:
        shipped = make_item(state=OrderState.SHIPPED)

        assert not make_order(items=[shipped]).is_cancellable
        assert make_order(items=[shipped, make_item(line=2)]).is_cancellable

    def test_an_order_is_refundable_if_one_line_is(self) -> None:
        late = delivered_days_ago(20)

        assert not make_order(items=[late]).is_refundable(NOW, POLICY)
        assert make_order(items=[late, delivered_days_ago(3, 2)]).is_refundable(NOW, POLICY)

    @pytest.mark.parametrize("pending", [True, False])
    def test_an_order_is_payable_while_a_payment_is_pending(self, pending: bool) -> None:
        assert make_order(payment_pending=pending).is_payable is pending


class TestFlagsValidUntil:
    def test_is_the_end_of_the_next_window(self) -> None:
        items = [delivered_days_ago(20), delivered_days_ago(3, 2), delivered_days_ago(5, 3)]

        order = make_order(items=items)

        assert order.flags_valid_until(NOW, POLICY) == NOW + timedelta(days=9)

    def test_is_none_without_an_open_window(self) -> None:
        order = make_order(items=[delivered_days_ago(20), make_item(line=2)])

        assert order.flags_valid_until(NOW, POLICY) is None

    def test_ignores_a_window_that_closes_now(self) -> None:
        assert make_order(items=[delivered_days_ago(14)]).flags_valid_until(NOW, POLICY) is None

    def test_the_flags_change_at_that_time(self) -> None:
        order = make_order(items=[delivered_days_ago(3)])
        change = order.flags_valid_until(NOW, POLICY)

        assert change is not None
        assert order.is_refundable(change - timedelta(microseconds=1), POLICY)
        assert not order.is_refundable(change, POLICY)
