"""The states an order, its lines and its requests pass through, and their codes outside."""

from collections.abc import Collection
from enum import StrEnum


class OrderState(StrEnum):
    """State of an order or of one of its lines.

    One state, two vocabularies. Of the storefront's codes only 100 and 200 come from its
    documents, the rest is ours; the seller's codes are those of the seller center document.
    Two states may share a code.
    """

    WAITING = "waiting"
    APPROVED = "approved"
    PACKAGE_WAITING = "package_waiting"
    PACKAGED = "packaged"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLATION_WAITING = "cancellation_waiting"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    REFUNDED = "refunded"

    @property
    def storefront_code(self) -> str:
        """What shoppers see as ``status.value``."""
        return _CODES[self][0]

    @property
    def seller_code(self) -> int:
        """What sellers see as ``status``."""
        return _CODES[self][1]


_CODES = {
    OrderState.WAITING: ("200", 100),
    OrderState.APPROVED: ("400", 200),
    OrderState.PACKAGE_WAITING: ("450", 300),
    OrderState.PACKAGED: ("450", 400),
    OrderState.SHIPPED: ("500", 500),
    OrderState.DELIVERED: ("550", 600),
    OrderState.CANCELLATION_WAITING: ("50", 700),
    OrderState.CANCELLED: ("100", 800),
    OrderState.REJECTED: ("100", 900),
    OrderState.REFUNDED: ("600", 600),
}

BEFORE_PACKAGING = frozenset({OrderState.WAITING, OrderState.APPROVED, OrderState.PACKAGE_WAITING})
BEFORE_SHIPPING = BEFORE_PACKAGING | {OrderState.PACKAGED}
CALLED_OFF = frozenset({OrderState.CANCELLED, OrderState.REJECTED})
# Nothing of it is left.
OVER = CALLED_OFF | {OrderState.REFUNDED}
_PROGRESS = (*OrderState,)[: list(OrderState).index(OrderState.CANCELLATION_WAITING)]


def moves_back(before: OrderState, after: OrderState) -> bool:
    """Whether ``after`` comes before ``before`` on the way from waiting to delivered."""
    if before not in _PROGRESS or after not in _PROGRESS:
        return False
    return _PROGRESS.index(after) < _PROGRESS.index(before)


def outcome(states: Collection[OrderState]) -> OrderState | None:
    """Return the state that lines in these states have come to together.

    None while anything of any of them is left. What a seller rejected makes the whole rejected
    when all the rest was called off, too.
    """
    if CALLED_OFF.issuperset(states):
        return OrderState.REJECTED if OrderState.REJECTED in states else OrderState.CANCELLED
    return OrderState.REFUNDED if OVER.issuperset(states) else None
