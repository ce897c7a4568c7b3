"""Units and states of imported lines: those that a document gives, and those that follow."""

from collections.abc import Sequence
from typing import Any

from domain.imports.cancellations import ImportedRequest
from domain.imports.parts import Part, Rejected
from domain.imports.requested_units import RequestedUnits, is_on_its_way, units_gone
from domain.orders.cancellations import CancellationStatus, CancellationType, CancelStatus
from domain.orders.states import BEFORE_SHIPPING, CALLED_OFF, OVER, OrderState

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
    """Return the quantities of a line and the states that they come to.

    Units that are gone follow from the state and from the requests where the document does not
    give them. A line without units left is over, one with an open request to cancel waits.
    Raises Rejected for units that do not add up. Requests are not judged: which of them count
    depends on what is stored.
    """
    quantity = part.values["quantity"]
    cancelled, refunded = _gone(part, state, [request.requested for request in requests])
    left = quantity - cancelled - refunded
    if cancelled > quantity:
        raise part.rejected("cancelled_quantity", "The line has fewer units.")
    if left < 0:
        raise part.rejected("refunded_quantity", "The line has fewer units left.")
    if state in OVER and left:
        name = "cancelled_quantity" if state in CALLED_OFF else "refunded_quantity"
        raise part.rejected(name, "A line in this state has no units left.")
    _give_quantities(requests, quantity, cancelled, refunded)
    requested = [request.requested for request in requests]
    _require_sent(part, state, requests)
    before = part.read_or("state_before_cancellation", None)
    is_open = any(each.is_open and each.is_cancel for each in requested)
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
    """Raise Rejected for units that are to come back of a line that was not shipped."""
    if state not in BEFORE_SHIPPING or part.values.get("shipped_date"):
        return
    for request in requests:
        if not request.requested.is_cancel and request.requested.is_active:
            place = f"{request.pointer}/cancellation_type"
            raise Rejected(place, "A line that was not shipped has nothing to send back.")


def states_of_line(
    state: OrderState,
    before: OrderState | None,
    refunded: int,
    left: int,
    requests: Sequence[RequestedUnits],
) -> dict[str, OrderState | None]:
    """Return ``state`` and ``state_before_cancellation`` of a line whose shop says ``state``."""
    if not left:
        over = OrderState.REFUNDED if refunded else OrderState.CANCELLED
        return _states(state if state in OVER else over, None)
    if any(requested.is_cancel and requested.is_open for requested in requests):
        before = before if state is OrderState.CANCELLATION_WAITING else state
        return _states(OrderState.CANCELLATION_WAITING, before)
    return _states(state, before if state is OrderState.CANCELLATION_WAITING else None)


def _states(state: OrderState, before: OrderState | None) -> dict[str, OrderState | None]:
    return {"state": state, "state_before_cancellation": before}


def status_of_newest(requests: Sequence[ImportedRequest]) -> CancelStatus | None:
    """Return the ``cancel_status`` that the newest of the requests gives its line."""
    newest = max(requests, key=lambda each: each.values["created_date"], default=None)
    return CANCEL_STATUS[newest.requested.status] if newest else None


def _gone(part: Part, state: OrderState, requests: Sequence[RequestedUnits]) -> tuple[int, int]:
    """Return the cancelled and the refunded units: given, or as state and requests say."""
    quantity = part.values["quantity"]
    unnamed = [
        requested for requested in requests if requested.is_gone and requested.quantity is None
    ]
    all_left = {requested.cancellation_type for requested in unnamed}
    refunded = part.values.get("refunded_quantity", units_gone(requests, REFUND))
    cancelled = units_gone(requests, CANCEL)
    if state in CALLED_OFF or CANCEL in all_left:
        cancelled = max(cancelled, quantity - refunded)
    cancelled = part.values.get("cancelled_quantity", cancelled)
    if state is OrderState.REFUNDED or REFUND in all_left:
        refunded = max(refunded, quantity - cancelled)
    return cancelled, part.values.get("refunded_quantity", refunded)


def _give_quantities(
    requests: Sequence[ImportedRequest], quantity: int, cancelled: int, refunded: int
) -> None:
    """Give the agreed requests that name no units those that no other request accounts for.

    Raises Rejected for a request for which there are none.
    """
    for request in requests:
        requested = request.requested
        if requested.quantity is not None or not requested.is_agreed:
            continue
        same = [
            each.requested
            for each in requests
            if each is not request
            and each.requested.cancellation_type is requested.cancellation_type
        ]
        if requested.is_gone:
            total = cancelled if requested.is_cancel else refunded
            units = total - units_gone(same, requested.cancellation_type)
        else:
            returning = sum(each.quantity or 0 for each in same if is_on_its_way(each))
            units = quantity - cancelled - refunded - returning
        if units < 1:
            raise Rejected(f"{request.pointer}/quantity", "The line has fewer units.")
        request.values["quantity"] = units
