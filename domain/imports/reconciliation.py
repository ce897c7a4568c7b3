"""What a later document may change of an order that is stored.

The document owns prices, people, parcels, invoices and the states of the shop. Cancelled and
returned units, requests, plans, bookings and refunds are Waybill's as soon as it has one of a
line: a document that contradicts them is rejected, since money may have been given back for them.
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
from domain.imports.requested_units import RequestedUnits, require_units, units_gone
from domain.imports.units import states_of_line
from domain.orders.cancellations import CancellationRequest, CancellationStatus, CancellationType
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.seller_shares import state_of_lines
from domain.orders.states import CALLED_OFF, OVER, OrderState, moves_back, outcome
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
    """Return the document with what the stored order has settled, ready to replace its content.

    Counters and refunds that the document does not give stay as they are. Requests that were
    decided here are left out. Raises SettledHere, with the place, for

    - a counter, a refund or a decision that contradicts what was settled here;
    - prices, quantities or discounts that give settled units another value than what was given
      back or promised for them;
    - a state that moves back.

    Raises Rejected for requests that name more units than their line has.
    """
    lines = {item.line: item for item in stored.items}
    settled = any(item.is_settled_here for item in stored.items)
    items = []
    for item in document.items:
        line = lines.get(item.values["line"])
        if line is None:
            if settled and _is_over(stored):
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
    if _is_decided_here(stored) or ("cancel_status" not in item.given and not requests):
        values["cancel_status"] = stored.cancel_status
    return replace(item, values=values, requests=requests)


def _is_decided_here(stored: OrderItem) -> bool:
    return any(not request.is_imported for request in stored.cancellation_requests)


def _requests(stored: OrderItem, item: ImportedItem) -> list[ImportedRequest]:
    """Return those of the document's requests that documents still own."""
    known = {request.uuid: request for request in stored.cancellation_requests}
    owned = []
    for request in item.requests:
        present = known.get(request.values["uuid"])
        _require_no_contradiction(stored, request, present)
        if present is None:
            owned.append(request)
        elif present.is_imported:
            owned.append(_without_removed_account(request, present))
    return owned


def _without_removed_account(
    request: ImportedRequest, present: CancellationRequest
) -> ImportedRequest:
    """Return the request without an account that was removed here since no money is due to it."""
    if present.status not in _SETTLED or present.iban or present.holder_name:
        return request
    return replace(request, values={**request.values, "iban": None, "holder_name": None})


def _require_no_contradiction(
    stored: OrderItem, request: ImportedRequest, present: CancellationRequest | None
) -> None:
    status = request.requested.status
    place = f"{request.pointer}/status"
    if present is not None and present.cancellation_type is not request.requested.cancellation_type:
        raise SettledHere(f"{request.pointer}/cancellation_type", "It has another type here.")
    if present is None:
        if stored.is_settled_here and request.requested.is_agreed:
            raise SettledHere(place, "Units of this line are settled here.")
    elif present.is_imported:
        if status is not present.status and not present.can_become(status):
            raise SettledHere(place, "A decision does not change.")
        if stored.is_settled_here and request.requested.is_agreed and not present.is_agreed:
            raise SettledHere(place, "Units of this line are settled here.")
        known = present.quantity
        if present.is_agreed and known is not None and request.requested.quantity != known:
            raise SettledHere(f"{request.pointer}/quantity", "A decision does not change.")
    elif status is not present.status and not _is_behind(status, present.status):
        raise SettledHere(place, "Another decision was made here.")


def _is_behind(status: CancellationStatus, present: CancellationStatus) -> bool:
    """Whether a request that has ``status`` may have become ``present`` since."""
    if status is CancellationStatus.OPEN:
        return True
    return status is CancellationStatus.APPROVED and present is CancellationStatus.COMPLETED


def _counters(
    stored: OrderItem, item: ImportedItem, requested: Sequence[RequestedUnits]
) -> dict[str, int]:
    """Return both counters: those of the document where it has more to say than the line.

    A counter that is not given follows the requests: those of the document and of the line.
    """
    counters = {}
    for name, kind in _COUNTERS.items():
        known, said = getattr(stored, name), item.values[name]
        if stored.is_settled_here and kind is CancellationType.REFUND:
            known += _completed_returns(stored, item)
        elif name not in item.given:
            said = max(said, units_gone(requested, kind))
        if name in item.given and (said < known or (stored.is_settled_here and said > known)):
            raise SettledHere(f"{item.pointer}/{name}", "Other units are settled here.")
        counters[name] = known if stored.is_settled_here else max(known, said)
    if stored.state in OVER:
        return {name: getattr(stored, name) for name in _COUNTERS}
    if stored.is_settled_here and item.values["state"] in OVER:
        raise SettledHere(_place_of_state(item), "Units of this line are left here.")
    return counters


def _place_of_state(item: ImportedItem) -> str:
    """Return where a line's state stands: in the line, or in the order."""
    return f"{item.pointer}/state" if "state" in item.given else "/state"


def _completed_returns(stored: OrderItem, item: ImportedItem) -> int:
    """Return the units of imported returns that the document completes."""
    approved = {request.uuid for request in stored.agreed_returns if request.is_imported}
    return sum(
        request.requested.quantity or 0
        for request in item.requests
        if request.requested.is_gone and request.values["uuid"] in approved
    )


def _require_same_seller(stored: OrderItem, item: ImportedItem) -> None:
    """Require that requests which documents do not own stay with the seller who has their plan."""
    seller = item.seller.slug if item.seller else None
    if _is_decided_here(stored) and seller != (stored.seller.slug if stored.seller else None):
        raise SettledHere(f"{item.pointer}/seller", "Requests of this line were made here.")


def _require_same_worth(stored: OrderItem, item: ImportedItem) -> None:
    """Require that settled units are worth what was given back or promised for them."""
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
        raise SettledHere(_blamed(stored, item), "Settled units would have another value.")


def _blamed(stored: OrderItem, item: ImportedItem) -> str:
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
    place, said = _place_of_state(item), item.values["state"]
    if stored.state in OVER:
        return _over(stored, item, place)
    before = item.values["state_before_cancellation"] or stored.progress
    if said is OrderState.CANCELLATION_WAITING and (requested or _is_decided_here(stored)):
        said = before
    if moves_back(stored.progress, before if said is OrderState.CANCELLATION_WAITING else said):
        raise SettledHere(place, "A state does not move back.")
    left = item.values["quantity"] - sum(counters.values())
    return {**states_of_line(said, before, counters["refunded_quantity"], left, requested)}


def _over(stored: OrderItem, item: ImportedItem, place: str) -> Values:
    """Return the states of a line of which nothing is left: the document can not bring it back."""
    if stored.state in CALLED_OFF:
        if "state" in item.given and item.values["state"] in _ARRIVED:
            raise SettledHere(place, "All units of this line are cancelled.")
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
    over = outcome({item.values["state"] for item in items}) if items else None
    if over is not None:
        if over in CALLED_OFF and document.values["state"] in _ARRIVED:
            raise SettledHere("/state", "All units of this order are cancelled.")
        return over
    if _is_over(stored):
        raise SettledHere("/items", "Nothing of this order is left.")
    said: OrderState = document.values["state"]
    if said in OVER and items:
        raise SettledHere("/state", "Units of its lines are left here.")
    if moves_back(_progress(stored), said):
        raise SettledHere("/state", "A state does not move back.")
    return said


def _is_over(stored: Order) -> bool:
    return bool(stored.items) and outcome({item.state for item in stored.items}) is not None


def _progress(stored: Order) -> OrderState:
    """Return how far the order got: while it waits for a cancellation, as far as its lines did."""
    if stored.state is not OrderState.CANCELLATION_WAITING or not stored.items:
        return stored.state
    return state_of_lines({item.progress for item in stored.items})


def _require_same_terms(stored: Order, document: ImportedOrder) -> None:
    """Require of an order with settled units what gives amounts their meaning."""
    if stored.currency is not document.values["currency"]:
        raise SettledHere("/currency", "Units of this order are settled here.")
    was_pending, is_pending = stored.payment_pending, document.values["payment_pending"]
    if is_pending and not was_pending:
        raise SettledHere("/payment_pending", "Money of this order is given back here.")
    if was_pending and not is_pending and outcome({item.state for item in stored.items}):
        raise SettledHere("/payment_pending", "Nothing of this order is left to be paid.")
    changed = stored.shipping_amount != document.values["shipping_amount"]
    if changed and shipping_of_requests(stored):
        raise SettledHere("/shipping_amount", "Shipping is given back or promised here.")


def _loyalty(stored: Order, document: ImportedOrder) -> list[dict[str, Any]]:
    """Return the loyalty transactions that documents own: refunds are booked here."""
    known = {row.uuid: row for row in stored.loyalty_transactions}
    requests = {
        str(request.uuid)
        for item in stored.items
        for request in item.cancellation_requests
        if not request.is_imported
    }
    booked = {row.reference: row for row in known.values() if row.reference in requests}
    owned = []
    for index, row in enumerate(document.loyalty_transactions):
        present = known.get(row["uuid"]) or booked.get(row["reference"])
        if present is None or present.reference not in requests:
            owned.append(row)
        elif present.amount != row["amount"]:
            place = f"/loyalty_transactions/{index}/amount"
            raise SettledHere(place, "Another amount was booked here.")
    return owned
