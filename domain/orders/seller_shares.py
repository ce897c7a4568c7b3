"""How an order is divided among its sellers: exactly, so that the parts add up to the order.

Design: one row for each order and seller, with own lines' amounts and shares of what belongs to
the order as a whole, so that no amount tells a seller about another. Lines that are the shop's
own (seller None) are a part like any other.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import sub

from domain.orders.cancellations import CancelStatus
from domain.orders.states import OrderState, outcome
from domain.shared.money import split
from domain.shared.unit_shares import share_of_units

SellerPk = int | None

_ADVANCE = {state: position for position, state in enumerate(OrderState)}
_CANCEL_ADVANCE = {status: position for position, status in enumerate(CancelStatus)}


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """What belongs to an order as a whole, in minor units; ``refund`` is all that was given back.

    ``shipping_refund`` is the shipping in it, ``discount_refund`` the discount lost with it.
    """

    shipping: int = 0
    refund: int = 0
    discount_refund: int = 0
    shipping_refund: int = 0


@dataclass(frozen=True, slots=True)
class SplitLine:
    """A line, as far as the division needs it; ``gone`` of its units are off or back."""

    seller_pk: SellerPk
    state: OrderState
    cancel_status: CancelStatus | None
    quantity: int
    gone: int
    price: int
    discount: int


@dataclass(frozen=True, slots=True)
class CompletedRefunds:
    """What completed requests for one seller's lines gave back: goods without shipping."""

    goods: int = 0
    discount: int = 0


_NO_REFUNDS = CompletedRefunds()


@dataclass(frozen=True, slots=True)
class Share:
    """One seller's part of an order, in minor units, and the state that their lines come to."""

    state: OrderState
    cancel_status: CancelStatus | None
    amount: int
    discount_amount: int
    shipping_amount: int
    refund_amount: int
    discount_refund_amount: int
    shipping_refund_amount: int


def split_order(
    totals: OrderTotals, lines: Sequence[SplitLine], completed: Mapping[SellerPk, CompletedRefunds]
) -> dict[SellerPk, Share]:
    """Return each seller's part, in the order of their first lines.

    Refunds are those of the sellers' own requests; what no request accounts for (it was imported)
    goes by what is gone of the lines.
    """
    sellers = list(dict.fromkeys(line.seller_pk for line in lines))
    own = [[line for line in lines if line.seller_pk == seller] for seller in sellers]
    prices = [sum(line.price - line.discount for line in each) for each in own]
    shipping, shipping_refunds = divide_shipping(totals.shipping, totals.shipping_refund, prices)
    # An import can say that all of it was shipping, or that less came back than that.
    in_refunds = min(totals.shipping_refund, totals.refund)
    _, shipping_in_refunds = divide_shipping(totals.shipping, in_refunds, prices)
    done = [completed.get(seller, _NO_REFUNDS) for seller in sellers]
    goods = _given_back(
        totals.refund - in_refunds,
        [each.goods for each in done],
        lambda: [_gone(each, lambda line: line.price - line.discount) for each in own],
        prices,
    )
    discounts = _given_back(
        totals.discount_refund,
        [each.discount for each in done],
        lambda: [_gone(each, lambda line: line.discount) for each in own],
        prices,
    )
    return {
        seller: Share(
            state=state_of_lines({line.state for line in own[i]}),
            cancel_status=_cancel_status(own[i]),
            amount=prices[i] + shipping[i],
            discount_amount=sum(line.discount for line in own[i]),
            shipping_amount=shipping[i],
            refund_amount=goods[i] + shipping_in_refunds[i],
            discount_refund_amount=discounts[i],
            shipping_refund_amount=shipping_refunds[i],
        )
        for i, seller in enumerate(sellers)
    }


def divide_shipping(
    shipping: int, refund: int, prices: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return each seller's part of the shipping, and of what was given back of it.

    Shipping goes by the discounted prices, and comes back as it was paid.
    """
    paid = _shared(shipping, prices)
    return paid, _shared(refund, paid, prices)


def state_of_lines(states: Collection[OrderState]) -> OrderState:
    """Return what lines in these states come to: the least that any line still alive has reached.

    One that waits for a cancellation counts only where no other is alive.
    """
    over = outcome(states)
    if over is not None:
        return over
    alive = [state for state in states if outcome({state}) is None]
    return min(alive, key=_ADVANCE.__getitem__)


def _cancel_status(lines: Iterable[SplitLine]) -> CancelStatus | None:
    """The one least far of the lines' own."""
    statuses = [line.cancel_status for line in lines if line.cancel_status]
    return min(statuses, key=_CANCEL_ADVANCE.__getitem__, default=None)


def _gone(lines: Sequence[SplitLine], worth: Callable[[SplitLine], int]) -> int:
    """What the units are worth that are off or back."""
    return sum(share_of_units(worth(line), line.quantity, 0, line.gone) for line in lines)


def _given_back(
    total: int, completed: Sequence[int], gone: Callable[[], Sequence[int]], prices: Sequence[int]
) -> list[int]:
    """Divide a refund: each seller gets their requests' part, the rest goes by removed units."""
    rest = total - sum(completed)
    if rest < 0:  # an import lowered the refund
        return _shared(total, completed)
    if rest == 0:
        return list(completed)
    weights = [max(0, weight) for weight in map(sub, gone(), completed)]
    parts = _shared(rest, weights, prices)
    return [own + part for own, part in zip(completed, parts, strict=True)]


def _shared(total: int, *ways: Sequence[int]) -> list[int]:
    """Divide by the first way that gives anybody anything; alike where none does."""
    return split(total, next((way for way in ways if any(way)), [1] * len(ways[0])))
