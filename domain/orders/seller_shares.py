"""Each seller's exact share of an order: the shares add up to the order.

A share has the amounts of the seller's own lines, and parts of what belongs to the whole order, so
that no amount reveals anything about another seller. Lines of the shop itself (seller None) are a
share like any other.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import sub

from domain.orders.cancellations import CancelStatus
from domain.orders.states import OrderState, closed_state
from domain.shared.money import split
from domain.shared.unit_shares import share_of_units

SellerPk = int | None

_ADVANCE = {state: position for position, state in enumerate(OrderState)}
_CANCEL_ADVANCE = {status: position for position, status in enumerate(CancelStatus)}


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """Amounts of the whole order, in minor units.

    ``refund`` includes ``shipping_refund``; ``discount_refund`` is the discount lost with it.
    """

    shipping: int = 0
    refund: int = 0
    discount_refund: int = 0
    shipping_refund: int = 0


@dataclass(frozen=True, slots=True)
class SplitLine:
    """The values of a line for the division; ``removed`` units of it are cancelled or refunded."""

    seller_pk: SellerPk
    state: OrderState
    cancel_status: CancelStatus | None
    quantity: int
    removed: int
    price: int
    discount: int


@dataclass(frozen=True, slots=True)
class CompletedRefunds:
    """Refunds of the completed requests for one seller's lines, without shipping."""

    goods: int = 0
    discount: int = 0


_NO_REFUNDS = CompletedRefunds()


@dataclass(frozen=True, slots=True)
class Share:
    """One seller's part of an order, in minor units, and the state of their lines."""

    state: OrderState
    cancel_status: CancelStatus | None
    amount: int
    discount_amount: int
    shipping_amount: int
    refund_amount: int
    discount_refund_amount: int
    shipping_refund_amount: int


@dataclass(frozen=True, slots=True)
class _SellerLines:
    """The lines of one seller, their discounted price, and their completed refunds."""

    lines: list[SplitLine]
    price: int
    completed: CompletedRefunds

    @property
    def removed_price(self) -> int:
        return self._removed(lambda line: line.price - line.discount)

    @property
    def removed_discount(self) -> int:
        return self._removed(lambda line: line.discount)

    def _removed(self, amount: Callable[[SplitLine], int]) -> int:
        """The part of an amount of the lines that their removed units have."""
        return sum(
            share_of_units(amount(line), line.quantity, 0, line.removed) for line in self.lines
        )


def split_order(
    totals: OrderTotals, lines: Sequence[SplitLine], completed: Mapping[SellerPk, CompletedRefunds]
) -> dict[SellerPk, Share]:
    """Return each seller's part, in the order of their first lines.

    Refunds are those of the seller's completed requests. An imported refund that no request
    accounts for is divided by the removed units.
    """
    sellers = _by_seller(lines, completed)
    parts = list(sellers.values())
    prices = [part.price for part in parts]
    shipping, shipping_refunds = divide_shipping(totals.shipping, totals.shipping_refund, prices)
    # An import may give a refund that is smaller than the shipping in it.
    in_refunds = min(totals.shipping_refund, totals.refund)
    _, shipping_in_refunds = divide_shipping(totals.shipping, in_refunds, prices)
    goods = _divide_refund(
        totals.refund - in_refunds,
        [part.completed.goods for part in parts],
        lambda: [part.removed_price for part in parts],
        prices,
    )
    discounts = _divide_refund(
        totals.discount_refund,
        [part.completed.discount for part in parts],
        lambda: [part.removed_discount for part in parts],
        prices,
    )
    return {
        seller: Share(
            state=state_of_lines({line.state for line in part.lines}),
            cancel_status=_cancel_status(part.lines),
            amount=part.price + shipping[i],
            discount_amount=sum(line.discount for line in part.lines),
            shipping_amount=shipping[i],
            refund_amount=goods[i] + shipping_in_refunds[i],
            discount_refund_amount=discounts[i],
            shipping_refund_amount=shipping_refunds[i],
        )
        for i, (seller, part) in enumerate(sellers.items())
    }


def divide_shipping(
    shipping: int, refund: int, prices: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return each seller's part of the shipping, and of its refund.

    Shipping is divided by discounted prices, its refund by the parts of the shipping.
    """
    paid = _divide(shipping, prices)
    return paid, _divide(refund, paid, prices)


def state_of_lines(states: Collection[OrderState]) -> OrderState:
    """Return the combined state of lines: the least advanced state of the active ones.

    A line that waits for a cancellation counts only if no other line is active.
    """
    closed = closed_state(states)
    if closed is not None:
        return closed
    active = [state for state in states if closed_state({state}) is None]
    return min(active, key=_ADVANCE.__getitem__)


def _by_seller(
    lines: Iterable[SplitLine], completed: Mapping[SellerPk, CompletedRefunds]
) -> dict[SellerPk, _SellerLines]:
    own: dict[SellerPk, list[SplitLine]] = {}
    for line in lines:
        own.setdefault(line.seller_pk, []).append(line)
    return {
        seller: _SellerLines(
            lines=its_lines,
            price=sum(line.price - line.discount for line in its_lines),
            completed=completed.get(seller, _NO_REFUNDS),
        )
        for seller, its_lines in own.items()
    }


def _divide(total: int, *weights: Sequence[int]) -> list[int]:
    """Divide by the first weights that are not all 0, and equally if there are none."""
    return split(total, next((some for some in weights if any(some)), [1] * len(weights[0])))


def _divide_refund(
    total: int,
    completed: Sequence[int],
    removed: Callable[[], Sequence[int]],
    prices: Sequence[int],
) -> list[int]:
    """Divide a refund: sellers get their requests' refunds, and the rest by removed units."""
    rest = total - sum(completed)
    if rest < 0:  # an import lowered the refund
        return _divide(total, completed)
    if rest == 0:
        return list(completed)
    weights = [max(0, weight) for weight in map(sub, removed(), completed)]
    parts = _divide(rest, weights, prices)
    return [own + part for own, part in zip(completed, parts, strict=True)]


def _cancel_status(lines: Iterable[SplitLine]) -> CancelStatus | None:
    """The least advanced status of the lines."""
    statuses = [line.cancel_status for line in lines if line.cancel_status]
    return min(statuses, key=_CANCEL_ADVANCE.__getitem__, default=None)
