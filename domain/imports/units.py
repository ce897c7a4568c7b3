"""Units and states of imported lines: as the document gives them, or computed."""

from collections.abc import Sequence
from typing import Any

from domain.imports.cancellations import ImportedRequest
from domain.imports.parts import Part, Rejected
from domain.imports.requested_units import RequestedUnits, is_on_its_way, removed_units
from domain.orders.cancellations import CancellationStatus, CancellationType, CancelStatus
from domain.orders.states import BEFORE_SHIPPING, CANCELLED_OR_REJECTED, CLOSED, OrderState

CANCEL, REFUND = CancellationType.CANCEL, CancellationType.REFUND
CANCEL_STATUS = {
    CancellationStatus.OPEN: CancelStatus.WAITING,
    CancellationStatus.APPROVED: CancelStatus.APPROVED,
    CancellationStatus.REJECTED: CancelStatus.REJECTED,
    CancellationStatus.COMPLETED: CancelStatus.COMPLETED,
}
"""What a line shows of its newest request (seller center document, ``cancel_status``)."""


def read_units(
    part: Part, state: OrderState, requests: Sequence[ImportedRequest]
) -> dict[str, Any]:
    """Return the quantities of a line and its states.

    Removed units that the document does not give follow from the state and the requests. A line
    without units left is closed; one with an open request to cancel waits. Raises Rejected for
    units that do not add up. Requests are not checked here: which of them count depends on what
    is stored.
    """
    quantity = part.values["quantity"]
    cancelled, refunded = _removed_quantities(
        part, state, [request.requested for request in requests]
    )
    left = quantity - cancelled - refunded
    if cancelled > quantity:
        raise part.rejected("cancelled_quantity", "The line has fewer units.")
    if left < 0:
        raise part.rejected("refunded_quantity", "The line has fewer units left.")
    if state in CLOSED and left:
        name = "cancelled_quantity" if state in CANCELLED_OR_REJECTED else "refunded_quantity"
        raise part.rejected(name, "A line in this state has no units left.")
    _set_quantities(requests, quantity, cancelled, refunded)
    requested = [request.requested for request in requests]
    _require_sent(part, state, requests)
    before = part.read_or("state_before_cancellation", None)
    is_open = any(units.is_open and units.is_cancel for units in requested)
    if state is OrderState.CANCELLATION_WAITING and requested and not is_open:
        state = before or OrderState.WAITING
    return {
        "quantity": quantity,
        "cancelled_quantity": cancelled,
        "refunded_quantity": refunded,
        **states_of_line(state, before, refunded, left, requested),
        "cancel_status": part.read_or("cancel_status", status_of_newest(requests)),
    }


def _require_sent(part: Part, state: OrderState, requests: Sequence[ImportedRequest]) -> None:
    """Raise Rejected for a return of units of a line that was not shipped."""
    if state not in BEFORE_SHIPPING or part.values.get("shipped_date"):
        return
    for request in requests:
        if not request.requested.is_cancel and request.requested.is_active:
            pointer = f"{request.pointer}/cancellation_type"
            raise Rejected(pointer, "A line that was not shipped has nothing to send back.")


def states_of_line(
    state: OrderState,
    before: OrderState | None,
    refunded: int,
    left: int,
    requests: Sequence[RequestedUnits],
) -> dict[str, OrderState | None]:
    """Return ``state`` and ``state_before_cancellation`` of a line; the shop gives ``state``."""
    if not left:
        closed = OrderState.REFUNDED if refunded else OrderState.CANCELLED
        return _states(state if state in CLOSED else closed, None)
    if any(requested.is_cancel and requested.is_open for requested in requests):
        before = before if state is OrderState.CANCELLATION_WAITING else state
        return _states(OrderState.CANCELLATION_WAITING, before)
    return _states(state, before if state is OrderState.CANCELLATION_WAITING else None)


def _states(state: OrderState, before: OrderState | None) -> dict[str, OrderState | None]:
    return {"state": state, "state_before_cancellation": before}


def status_of_newest(requests: Sequence[ImportedRequest]) -> CancelStatus | None:
    """Return the ``cancel_status`` that the newest of the requests gives its line."""
    newest = max(requests, key=lambda request: request.values["created_date"], default=None)
    return CANCEL_STATUS[newest.requested.status] if newest else None


def _removed_quantities(
    part: Part, state: OrderState, requests: Sequence[RequestedUnits]
) -> tuple[int, int]:
    """Return the cancelled and the refunded units: as given, or from state and requests."""
    quantity = part.values["quantity"]
    unnamed = [
        requested for requested in requests if requested.is_removed and requested.quantity is None
    ]
    all_left = {requested.cancellation_type for requested in unnamed}
    refunded = part.values.get("refunded_quantity", removed_units(requests, REFUND))
    cancelled = removed_units(requests, CANCEL)
    if state in CANCELLED_OR_REJECTED or CANCEL in all_left:
        cancelled = max(cancelled, quantity - refunded)
    cancelled = part.values.get("cancelled_quantity", cancelled)
    if state is OrderState.REFUNDED or REFUND in all_left:
        refunded = max(refunded, quantity - cancelled)
    return cancelled, part.values.get("refunded_quantity", refunded)


def _set_quantities(
    requests: Sequence[ImportedRequest], quantity: int, cancelled: int, refunded: int
) -> None:
    """Set the quantity of agreed requests without one: the units that no other request has.

    Raises Rejected if there are none.
    """
    for request in requests:
        requested = request.requested
        if requested.quantity is not None or not requested.is_agreed:
            continue
        # A request without a quantity, as this one, counts as none.
        named = [other.requested for other in requests]
        if requested.is_removed:
            total = cancelled if requested.is_cancel else refunded
            units = total - removed_units(named, requested.cancellation_type)
        else:
            returning = sum(other.quantity or 0 for other in named if is_on_its_way(other))
            units = quantity - cancelled - refunded - returning
        if units < 1:
            raise Rejected(f"{request.pointer}/quantity", "The line has fewer units.")
        request.values["quantity"] = units
