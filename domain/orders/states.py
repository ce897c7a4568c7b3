"""The states of orders and their lines, and the codes that shoppers and sellers see."""

from collections.abc import Collection
from enum import StrEnum


class OrderState(StrEnum):
    """State of an order or of one of its lines.

    The seller codes are those of the seller center document. Of the storefront codes only 100 and
    200 come from its documents; the rest are ours. Two states may share a code.
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
CANCELLED_OR_REJECTED = frozenset({OrderState.CANCELLED, OrderState.REJECTED})
# No units are left.
CLOSED = CANCELLED_OR_REJECTED | {OrderState.REFUNDED}
_PROGRESS = (*OrderState,)[: list(OrderState).index(OrderState.CANCELLATION_WAITING)]


def moves_back(before: OrderState, after: OrderState) -> bool:
    """Whether ``after`` comes before ``before`` on the way from waiting to delivered."""
    if before not in _PROGRESS or after not in _PROGRESS:
        return False
    return _PROGRESS.index(after) < _PROGRESS.index(before)


def closed_state(states: Collection[OrderState]) -> OrderState | None:
    """Return the combined state of lines that are all closed, and None if any is not.

    If all are cancelled or rejected, one rejected line makes the combined state rejected.
    """
    if CANCELLED_OR_REJECTED.issuperset(states):
        return OrderState.REJECTED if OrderState.REJECTED in states else OrderState.CANCELLED
    return OrderState.REFUNDED if CLOSED.issuperset(states) else None
