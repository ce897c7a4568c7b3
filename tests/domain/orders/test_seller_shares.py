from dataclasses import fields
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.cancellations import CancelStatus
from domain.orders.seller_shares import (
    CompletedRefunds,
    OrderTotals,
    Share,
    SplitLine,
    split_order,
    state_of_lines,
)
from domain.orders.states import OrderState

AMOUNTS = [field.name for field in fields(Share) if field.name.endswith("amount")]


def make_line(seller_pk: int | None = 1, **overrides: object) -> SplitLine:
    values = {
        "seller_pk": seller_pk,
        "state": OrderState.WAITING,
        "cancel_status": None,
        "quantity": 1,
        "removed": 0,
        "price": 1000,
        "discount": 0,
    }
    return SplitLine(**{**values, **overrides})  # type: ignore[arg-type]  # given by name


@st.composite
def any_lines(draw: st.DrawFn) -> list[SplitLine]:
    lines = []
    for _ in range(draw(st.integers(1, 6))):
        quantity = draw(st.integers(1, 9))
        price = draw(st.integers(0, 10**6))
        lines.append(
            make_line(
                draw(st.sampled_from([None, 1, 2, 3])),
                state=draw(st.sampled_from(OrderState)),
                quantity=quantity,
                removed=draw(st.integers(0, quantity)),
                price=price,
                discount=draw(st.integers(0, price)),
            )
        )
    return lines


money = st.integers(0, 10**6)
totals = st.builds(OrderTotals, money, money, money, money)
completed = st.dictionaries(
    st.sampled_from([None, 1, 2, 3]),
    st.builds(CompletedRefunds, st.integers(0, 10**5), st.integers(0, 10)),
)


class TestSplitOrder:
    @given(totals, any_lines(), completed)
    def test_shares_add_up_to_the_order(
        self, whole: OrderTotals, lines: list[SplitLine], done: dict[int | None, CompletedRefunds]
    ) -> None:
        sellers = {line.seller_pk for line in lines}
        own = {pk: refunds for pk, refunds in done.items() if pk in sellers}

        shares = split_order(whole, lines, own)

        parts = {name: sum(getattr(share, name) for share in shares.values()) for name in AMOUNTS}
        discount = sum(line.discount for line in lines)
        assert parts == {
            "amount": sum(line.price for line in lines) - discount + whole.shipping,
            "discount_amount": discount,
            "shipping_amount": whole.shipping,
            "refund_amount": whole.refund,
            "discount_refund_amount": whole.discount_refund,
            "shipping_refund_amount": whole.shipping_refund,
        }
        assert all(getattr(share, name) >= 0 for share in shares.values() for name in AMOUNTS)

    def test_shipping_is_divided_by_discounted_prices(self) -> None:
        lines = [make_line(1, price=1000, discount=700), make_line(2, price=600)]

        shares = split_order(OrderTotals(shipping=100), lines, {})

        assert [shares[1].shipping_amount, shares[2].shipping_amount] == [33, 67]

    def test_lines_that_cost_nothing_share_the_shipping_equally(self) -> None:
        lines = [make_line(1, price=0), make_line(2, price=0)]

        shares = split_order(OrderTotals(shipping=100), lines, {})

        assert [share.shipping_amount for share in shares.values()] == [50, 50]

    def test_a_seller_has_the_refunds_of_own_requests(self) -> None:
        lines = [make_line(1), make_line(2)]

        shares = split_order(OrderTotals(refund=400), lines, {2: CompletedRefunds(goods=400)})

        assert [shares[1].refund_amount, shares[2].refund_amount] == [0, 400]

    def test_a_refund_without_a_plan_is_divided_by_removed_units(self) -> None:
        lines = [make_line(1), make_line(None, removed=1), make_line(2, quantity=2, removed=1)]

        shares = split_order(OrderTotals(refund=1500), lines, {})

        assert [share.refund_amount for share in shares.values()] == [0, 1000, 500]

    def test_refunded_shipping_is_divided_like_paid_shipping(self) -> None:
        lines = [make_line(1, price=300), make_line(2, price=700)]
        whole = OrderTotals(shipping=100, refund=100, shipping_refund=100)

        shares = split_order(whole, lines, {})

        assert [share.shipping_refund_amount for share in shares.values()] == [30, 70]

    def test_an_import_can_lower_the_refund(self) -> None:
        shares = split_order(
            OrderTotals(refund=100), [make_line(1)], {1: CompletedRefunds(goods=400)}
        )

        assert shares[1].refund_amount == 100

    @pytest.mark.parametrize("order", list(permutations((1, 2, None))))
    def test_sellers_are_in_the_order_of_their_lines(self, order: tuple[int | None, ...]) -> None:
        assert tuple(split_order(OrderTotals(), [make_line(pk) for pk in order], {})) == order

    def test_the_cancel_status_is_the_earliest_of_the_lines(self) -> None:
        lines = [
            make_line(cancel_status=status)
            for status in (None, CancelStatus.COMPLETED, CancelStatus.APPROVED)
        ]

        assert split_order(OrderTotals(), lines, {})[1].cancel_status is CancelStatus.APPROVED


class TestStateOfLines:
    @pytest.mark.parametrize(
        ("states", "expected"),
        [
            ({"waiting"}, "waiting"),
            ({"shipped", "packaged"}, "packaged"),
            ({"delivered", "cancelled"}, "delivered"),
            ({"delivered", "cancellation_waiting"}, "delivered"),
            ({"cancellation_waiting", "cancelled"}, "cancellation_waiting"),
            ({"cancelled"}, "cancelled"),
            ({"cancelled", "rejected"}, "rejected"),
            ({"refunded", "rejected"}, "refunded"),
        ],
    )
    def test_is_the_earliest_of_the_active_lines(self, states: set[str], expected: str) -> None:
        assert state_of_lines({OrderState(state) for state in states}) is OrderState(expected)


class TestUnassigned:
    """Refunds beyond those of requests, and requests beyond the refund."""

    @pytest.mark.parametrize(
        ("refund", "refunds"),
        [(1000, [900, 100]), (1001, [900, 101]), (999, [899, 100]), (10_000, [1000, 9000])],
    )
    def test_is_divided_to_the_minor_unit(self, refund: int, refunds: list[int]) -> None:
        lines = [make_line(1, removed=1), make_line(2, price=9000, removed=1)]
        done: dict[int | None, CompletedRefunds] = {
            1: CompletedRefunds(goods=900),
            2: CompletedRefunds(goods=100),
        }

        shares = split_order(OrderTotals(refund=refund), lines, done)

        assert [share.refund_amount for share in shares.values()] == refunds

    def test_is_divided_by_discounted_prices_of_removed_units(self) -> None:
        lines = [make_line(1, discount=500, removed=1), make_line(2, removed=1)]

        shares = split_order(OrderTotals(refund=750), lines, {})

        assert [share.refund_amount for share in shares.values()] == [250, 500]


def test_amounts_default_to_zero() -> None:
    zero = {"shipping": 0, "refund": 0, "discount_refund": 0, "shipping_refund": 0}

    assert OrderTotals() == OrderTotals(**zero)
    assert CompletedRefunds() == CompletedRefunds(goods=0, discount=0)
