"""What a later document may change of a stored order.

The document owns prices, people, parcels, invoices and the states of the shop. Once a request for a
line was decided here, Waybill owns its removed units, requests, plans and refunds: a document that
contradicts them is rejected, because money may have been refunded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.imports.cancellations import ImportedRequest
from domain.imports.orders import ImportedItem, ImportedOrder
from domain.imports.parts import SettledHere
from domain.imports.reconciled_refunds import (
    other_requests,
    reconcile_refunds,
    shipping_of_requests,
)
from domain.imports.requested_units import RequestedUnits, removed_units, require_units
from domain.imports.units import states_of_line
from domain.orders.cancellations import CancellationRequest, CancellationStatus, CancellationType
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.seller_shares import state_of_lines
from domain.orders.states import CANCELLED_OR_REJECTED, CLOSED, OrderState, closed_state, moves_back
from domain.shared.unit_shares import share_of_units

Values = dict[str, Any]

_COUNTERS = {
    "cancelled_quantity": CancellationType.CANCEL,
    "refunded_quantity": CancellationType.REFUND,
}
_SETTLED = frozenset({CancellationStatus.COMPLETED, CancellationStatus.REJECTED})
_ARRIVED = frozenset({OrderState.SHIPPED, OrderState.DELIVERED})


def require_units_of_new(document: ImportedOrder) -> ImportedOrder:
    """Return the document of an order that is not stored yet.

    Raises Rejected for requests that name more units than their line has.
    """
    for item in document.items:
        _require_units_of_new(item)
    return document


def _require_units_of_new(item: ImportedItem) -> None:
    requested = [request.requested for request in item.requests]
    quantity, cancelled, refunded = (item.values[name] for name in ("quantity", *_COUNTERS))
    require_units(item.pointer, quantity, cancelled, refunded, requested)


def reconcile(stored: Order, document: ImportedOrder) -> ImportedOrder:
    """Return the document merged with what was settled here, ready to replace the stored content.

    Counters and refunds that the document does not give stay as stored. Requests that were
    decided here are left out. Raises SettledHere, with a pointer, for

    - a counter, a refund or a decision that contradicts what was settled here;
    - prices, quantities or discounts that give settled units another value than what was
      refunded or promised for them;
    - a state that moves back.

    Raises Rejected for requests that name more units than their line has.
    """
    lines = {item.line: item for item in stored.items}
    settled = any(item.is_settled_here for item in stored.items)
    items = []
    for item in document.items:
        line = lines.get(item.values["line"])
        if line is None:
            if settled and _is_closed(stored):
                raise SettledHere(item.pointer, "Nothing of this order is left.")
            _require_units_of_new(item)
        items.append(_line(line, item) if line else item)
    if settled:
        _require_same_terms(stored, document)
    values = {
        **document.values,
        "state": _order_state(stored, document, items),
        "modified_date": max(stored.modified_date, document.values["modified_date"]),
    }
    values |= reconcile_refunds(stored, document, values, items)
    return replace(
        document,
        values=values,
        items=items,
        loyalty_transactions=_loyalty(stored, document),
    )


def _line(stored: OrderItem, item: ImportedItem) -> ImportedItem:
    requests = _requests(stored, item)
    requested = [request.requested for request in requests]
    requested += other_requests(stored, {request.values["uuid"] for request in requests})
    counters = _counters(stored, item, requested)
    quantity = item.values["quantity"]
    if sum(counters.values()) > quantity:
        raise SettledHere(f"{item.pointer}/quantity", "More units are settled.")
    _require_same_seller(stored, item)
    if stored.is_settled_here:
        _require_same_worth(stored, item)
    cancelled, refunded = counters.values()
    require_units(item.pointer, quantity, cancelled, refunded, requested)
    values = {
        **item.values,
        **counters,
        **_states(stored, item, counters, requested),
        "modified_date": max(stored.modified_date, item.values["modified_date"]),
    }
    if _is_decided_here(stored) or ("cancel_status" not in item.members and not requests):
        values["cancel_status"] = stored.cancel_status
    return replace(item, values=values, requests=requests)


def _is_decided_here(stored: OrderItem) -> bool:
    return any(not request.is_imported for request in stored.cancellation_requests)


def _requests(stored: OrderItem, item: ImportedItem) -> list[ImportedRequest]:
    """Return the document's requests that were not decided here."""
    stored_requests = {request.uuid: request for request in stored.cancellation_requests}
    owned = []
    for request in item.requests:
        present = stored_requests.get(request.values["uuid"])
        _require_no_contradiction(stored, request, present)
        if present is None:
            owned.append(request)
        elif present.is_imported:
            owned.append(_without_removed_account(request, present))
    return owned


def _without_removed_account(
    request: ImportedRequest, present: CancellationRequest
) -> ImportedRequest:
    """Return the request without the account if retention has cleared it here."""
    if present.status not in _SETTLED or present.iban or present.holder_name:
        return request
    return replace(request, values={**request.values, "iban": None, "holder_name": None})


def _require_no_contradiction(
    stored: OrderItem, request: ImportedRequest, present: CancellationRequest | None
) -> None:
    status = request.requested.status
    pointer = f"{request.pointer}/status"
    if present is not None and present.cancellation_type is not request.requested.cancellation_type:
        raise SettledHere(f"{request.pointer}/cancellation_type", "It has another type here.")
    if present is None:
        if stored.is_settled_here and request.requested.is_agreed:
            raise SettledHere(pointer, "Units of this line are settled here.")
    elif present.is_imported:
        if status is not present.status and not present.can_become(status):
            raise SettledHere(pointer, "A decision does not change.")
        if stored.is_settled_here and request.requested.is_agreed and not present.is_agreed:
            raise SettledHere(pointer, "Units of this line are settled here.")
        units = present.quantity
        if present.is_agreed and units is not None and request.requested.quantity != units:
            raise SettledHere(f"{request.pointer}/quantity", "A decision does not change.")
    elif status is not present.status and not _is_behind(status, present.status):
        raise SettledHere(pointer, "Another decision was made here.")


def _is_behind(status: CancellationStatus, present: CancellationStatus) -> bool:
    """Whether a request with ``status`` may have reached ``present`` later."""
    if status is CancellationStatus.OPEN:
        return True
    return status is CancellationStatus.APPROVED and present is CancellationStatus.COMPLETED


def _counters(
    stored: OrderItem, item: ImportedItem, requested: Sequence[RequestedUnits]
) -> dict[str, int]:
    """Return both counters of removed units: the document's if they are higher.

    A counter that the document does not give follows from its requests and the stored ones.
    """
    is_settled = stored.is_settled_here
    counters = {}
    for name, kind in _COUNTERS.items():
        counter, imported = getattr(stored, name), item.values[name]
        if is_settled and kind is CancellationType.REFUND:
            counter += _completed_returns(stored, item)
        elif name not in item.members:
            imported = max(imported, removed_units(requested, kind))
        differs = imported < counter or (is_settled and imported > counter)
        if name in item.members and differs:
            raise SettledHere(f"{item.pointer}/{name}", "Other units are settled here.")
        counters[name] = counter if is_settled else max(counter, imported)
    if stored.state in CLOSED:
        return {name: getattr(stored, name) for name in _COUNTERS}
    if is_settled and item.values["state"] in CLOSED:
        raise SettledHere(_state_pointer(item), "Units of this line are left here.")
    return counters


def _state_pointer(item: ImportedItem) -> str:
    """Return the pointer of a line's state, which may be that of the order."""
    return f"{item.pointer}/state" if "state" in item.members else "/state"


def _completed_returns(stored: OrderItem, item: ImportedItem) -> int:
    """Return how many units of approved imported returns the document completes."""
    approved = {request.uuid for request in stored.agreed_returns if request.is_imported}
    return sum(
        request.requested.quantity or 0
        for request in item.requests
        if request.requested.is_removed and request.values["uuid"] in approved
    )


def _require_same_seller(stored: OrderItem, item: ImportedItem) -> None:
    """Require the stored seller, who has the plans, if requests were decided here."""
    seller = item.seller.slug if item.seller else None
    if _is_decided_here(stored) and seller != (stored.seller.slug if stored.seller else None):
        raise SettledHere(f"{item.pointer}/seller", "Requests of this line were made here.")


def _require_same_worth(stored: OrderItem, item: ImportedItem) -> None:
    """Require that settled units keep the value that was refunded or promised for them."""
    values = item.values
    units = stored.settled_quantity
    if units > values["quantity"]:
        raise SettledHere(f"{item.pointer}/quantity", "More units are settled here.")
    before = [
        share_of_units(total, stored.quantity, 0, units)
        for total in (stored.discounted_price, stored.discount_amount)
    ]
    discount = values["discount_amount"]
    after = [
        share_of_units(total, values["quantity"], 0, units)
        for total in (values["price"] - discount, discount)
    ]
    if before != after:
        raise SettledHere(_changed_field(stored, item), "Settled units would have another value.")


def _changed_field(stored: OrderItem, item: ImportedItem) -> str:
    for name in ("unit_price", "quantity"):
        if item.values[name] != getattr(stored, name):
            return f"{item.pointer}/{name}"
    return "/discounts"


def _states(
    stored: OrderItem,
    item: ImportedItem,
    counters: Mapping[str, int],
    requested: Sequence[RequestedUnits],
) -> Values:
    pointer, state = _state_pointer(item), item.values["state"]
    if stored.state in CLOSED:
        return _states_of_closed(stored, item, pointer)
    before = item.values["state_before_cancellation"] or stored.progress
    if state is OrderState.CANCELLATION_WAITING and (requested or _is_decided_here(stored)):
        state = before
    if moves_back(stored.progress, before if state is OrderState.CANCELLATION_WAITING else state):
        raise SettledHere(pointer, "A state does not move back.")
    left = item.values["quantity"] - sum(counters.values())
    return {**states_of_line(state, before, counters["refunded_quantity"], left, requested)}


def _states_of_closed(stored: OrderItem, item: ImportedItem, pointer: str) -> Values:
    """Return the states of a closed line, which a document can not reopen."""
    if stored.state in CANCELLED_OR_REJECTED:
        if "state" in item.members and item.values["state"] in _ARRIVED:
            raise SettledHere(pointer, "All units of this line are cancelled.")
        if item.values["shipped_date"] and not stored.shipped_date:
            raise SettledHere(f"{item.pointer}/shipped_date", "All units of it are cancelled.")
    if item.values["quantity"] != stored.quantity:
        raise SettledHere(f"{item.pointer}/quantity", "All units of this line are settled.")
    return {
        "state": stored.state,
        "state_before_cancellation": None,
        "shipped_date": item.values["shipped_date"] or stored.shipped_date,
    }


def _order_state(
    stored: Order, document: ImportedOrder, items: Sequence[ImportedItem]
) -> OrderState:
    closed = closed_state({item.values["state"] for item in items}) if items else None
    if closed is not None:
        if closed in CANCELLED_OR_REJECTED and document.values["state"] in _ARRIVED:
            raise SettledHere("/state", "All units of this order are cancelled.")
        return closed
    if _is_closed(stored):
        raise SettledHere("/items", "Nothing of this order is left.")
    state: OrderState = document.values["state"]
    if state in CLOSED and items:
        raise SettledHere("/state", "Units of its lines are left here.")
    if moves_back(_progress(stored), state):
        raise SettledHere("/state", "A state does not move back.")
    return state


def _is_closed(stored: Order) -> bool:
    return bool(stored.items) and closed_state({item.state for item in stored.items}) is not None


def _progress(stored: Order) -> OrderState:
    """Return the order's state, or that of its lines while it waits for a cancellation."""
    if stored.state is not OrderState.CANCELLATION_WAITING or not stored.items:
        return stored.state
    return state_of_lines({item.progress for item in stored.items})


def _require_same_terms(stored: Order, document: ImportedOrder) -> None:
    """Require the stored currency, payment and shipping of an order with settled units."""
    if stored.currency is not document.values["currency"]:
        raise SettledHere("/currency", "Units of this order are settled here.")
    was_pending, is_pending = stored.payment_pending, document.values["payment_pending"]
    if is_pending and not was_pending:
        raise SettledHere("/payment_pending", "Money of this order is given back here.")
    if was_pending and not is_pending and closed_state({item.state for item in stored.items}):
        raise SettledHere("/payment_pending", "Nothing of this order is left to be paid.")
    changed = stored.shipping_amount != document.values["shipping_amount"]
    if changed and shipping_of_requests(stored):
        raise SettledHere("/shipping_amount", "Shipping is given back or promised here.")


def _loyalty(stored: Order, document: ImportedOrder) -> list[dict[str, Any]]:
    """Return the loyalty transactions of the document that are not refunds made here."""
    stored_rows = {row.uuid: row for row in stored.loyalty_transactions}
    requests = {
        str(request.uuid)
        for item in stored.items
        for request in item.cancellation_requests
        if not request.is_imported
    }
    refunds = {row.reference: row for row in stored_rows.values() if row.reference in requests}
    owned = []
    for index, row in enumerate(document.loyalty_transactions):
        present = stored_rows.get(row["uuid"]) or refunds.get(row["reference"])
        if present is None or present.reference not in requests:
            owned.append(row)
        elif present.amount != row["amount"]:
            pointer = f"/loyalty_transactions/{index}/amount"
            raise SettledHere(pointer, "Another amount was booked here.")
    return owned
