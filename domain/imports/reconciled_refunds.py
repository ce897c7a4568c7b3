"""Refunds of a stored order after a document has changed its lines."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from domain.cancellations.refunds import planned_requests
from domain.imports.amounts import RefundLine, refund_totals
from domain.imports.orders import ImportedItem, ImportedOrder
from domain.imports.parts import Rejected, SettledHere
from domain.imports.requested_units import RequestedUnits
from domain.orders.cancellation_plans import CancellationPlanItem
from domain.orders.cancellations import CancellationStatus
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order

Values = dict[str, Any]

REFUNDS = ("refund_amount", "discount_refund_amount", "shipping_refund_amount")
_ORDER_VALUES = ("payment_pending", "shipping_amount")
_LINE_VALUES = (
    *("price", "discount_amount", "quantity", "cancelled_quantity", "refunded_quantity"),
    *("state", "shipped_date"),
)


def reconcile_refunds(
    stored: Order, document: ImportedOrder, values: Values, items: Sequence[ImportedItem]
) -> Values:
    """Return the three refunds: the stored ones plus what the document changes.

    ``values`` and ``items`` are the order after the import. Raises SettledHere if the document
    gives another amount while units are settled here, and if refunds and promises exceed what was
    paid.
    """
    changes = _changes(stored, values, items)
    refunds = {name: max(0, getattr(stored, name) + changes[name]) for name in REFUNDS}
    for name, due in zip(REFUNDS, _due(stored, values, items), strict=True):
        if name not in document.members:
            # An earlier document may have refunded more than its removed units.
            refunds[name] = min(refunds[name], max(getattr(stored, name), due))
    is_settled = any(item.is_settled_here for item in stored.items)
    for name in REFUNDS:
        if name in document.members:
            if is_settled and document.values[name] != refunds[name]:
                raise SettledHere(f"/{name}", "Another amount was given back here.")
            refunds[name] = document.values[name]
    if "shipping_refund_amount" in document.members and "refund_amount" not in document.members:
        # The document gives only the shipping in the refund.
        expected = stored.shipping_refund_amount + changes["shipping_refund_amount"]
        refunds["refund_amount"] += refunds["shipping_refund_amount"] - expected
    if refunds["shipping_refund_amount"] > refunds["refund_amount"]:
        raise Rejected("/shipping_refund_amount", "It is a part of the refund amount.")
    discount = sum(row["amount"] for row in document.discounts)
    paid = sum(item.values["price"] for item in items) + values["shipping_amount"] - discount
    limits = (paid, discount, values["shipping_amount"])
    for name, limit, promised in zip(REFUNDS, limits, _promised(stored), strict=True):
        if refunds[name] + promised > limit:
            raise SettledHere(f"/{name}", "More is given back or promised here than was paid.")
    return refunds


def _due(stored: Order, values: Values, items: Sequence[ImportedItem]) -> tuple[int, int, int]:
    """Return what was paid for all removed units, without what stays promised or is unpaid."""
    lines = {item.line: item for item in stored.items}
    whole = refund_totals(values, [_line(item, lines.get(item.values["line"])) for item in items])
    completed = {plan_item.request.uuid for plan_item in _completed(stored, items)}
    # Units of returns are removed when these are completed.
    removed = [
        plan_item
        for plan_item in _items_of_settled_lines(stored)
        if plan_item.request.is_agreed
        and (
            plan_item.request.is_cancel
            or not plan_item.request.is_active
            or plan_item.request.uuid in completed
        )
    ]
    refund, discount, shipping = _sums(
        [
            plan_item
            for plan_item in removed
            if plan_item.request.is_active and plan_item.request.uuid not in completed
        ]
    )
    return (
        whole.goods
        + whole.shipping
        - refund
        - sum(plan_item.unpaid_amount for plan_item in removed),
        whole.discount - discount - sum(plan_item.unpaid_discount_amount for plan_item in removed),
        whole.shipping - shipping,
    )


def _items_of_settled_lines(stored: Order) -> list[CancellationPlanItem]:
    """Return the plan items of all requests for lines with units that were settled here.

    Requests are compared by UUID, because a plan and a line may have two objects of one row.
    """
    uuids = {
        request.uuid
        for item in stored.items
        if item.is_settled_here
        for request in item.cancellation_requests
    }
    plan_items = [plan_item for plan in stored.cancellation_plans for plan_item in plan.items]
    return [plan_item for plan_item in plan_items if plan_item.request.uuid in uuids]


def other_requests(stored: OrderItem, named: Collection[UUID]) -> list[RequestedUnits]:
    """Return the requests of a stored line that are not ``named`` in a document."""
    return [
        RequestedUnits(
            request.cancellation_type,
            request.status,
            stored.units_of(request) if request.is_agreed else request.quantity,
        )
        for request in stored.cancellation_requests
        if request.uuid not in named
    ]


def shipping_of_requests(stored: Order) -> int:
    """Return the shipping that requests decided here have refunded or promise."""
    return sum(
        plan_item.shipping_refund_amount
        for request, (_, plan_item) in planned_requests(stored).items()
        if request.is_agreed and not request.is_imported
    )


def _changes(stored: Order, values: Values, items: Sequence[ImportedItem]) -> dict[str, int]:
    """Return the changes of the refunds by the document.

    Lines with units that were settled here change only by requests that the document completes.
    """
    lines = {item.line: item for item in stored.items}
    before = [_stored_line(line) for line in stored.items if not line.is_settled_here]
    after = [
        _line(item, lines.get(item.values["line"]))
        for item in items
        if item.values["line"] not in lines or not lines[item.values["line"]].is_settled_here
    ]
    was, becomes = refund_totals(_of_order(stored), before), refund_totals(values, after)
    amount, discount, shipping = _sums(_completed(stored, items))
    shipping_amount = _shipping(stored, values, items)
    return {
        "refund_amount": becomes.goods - was.goods + amount + shipping_amount,
        "discount_refund_amount": becomes.discount - was.discount + discount,
        "shipping_refund_amount": shipping + shipping_amount,
    }


def _of_order(stored: Order) -> Values:
    return {name: getattr(stored, name) for name in _ORDER_VALUES}


def _stored_line(item: OrderItem) -> RefundLine:
    values = {name: getattr(item, name) for name in _LINE_VALUES}
    return RefundLine.of(values, () if item.is_settled_here else other_requests(item, ()))


def _line(item: ImportedItem, stored: OrderItem | None) -> RefundLine:
    """Return the refund line; cancels on lines settled here have their amounts already."""
    if stored is None:
        return RefundLine.of_import(item)
    if stored.is_settled_here:
        return RefundLine.of(item.values, ())
    requested = [request.requested for request in item.requests]
    named = {request.values["uuid"] for request in item.requests}
    return RefundLine.of(item.values, requested + other_requests(stored, named))


def _completed(stored: Order, items: Sequence[ImportedItem]) -> list[CancellationPlanItem]:
    """Return the plan items of requests on lines settled here that the document completes."""
    plan_items_by_uuid = {
        request.uuid: plan_item for request, (_, plan_item) in planned_requests(stored).items()
    }
    settled = {item.line for item in stored.items if item.is_settled_here}
    return [
        plan_item
        for item in items
        if item.values["line"] in settled
        for request in item.requests
        if request.requested.status is CancellationStatus.COMPLETED
        and (plan_item := plan_items_by_uuid.get(request.values["uuid"]))
        and plan_item.request.status is CancellationStatus.APPROVED
    ]


def _shipping(stored: Order, values: Values, items: Sequence[ImportedItem]) -> int:
    """Return the change of refunded shipping, without that of requests decided here."""
    lines = {item.line: item for item in stored.items}
    before = refund_totals(_of_order(stored), [_stored_line(line) for line in stored.items])
    after = refund_totals(values, [_line(item, lines.get(item.values["line"])) for item in items])
    here = shipping_of_requests(stored)
    return max(0, after.shipping - here) - max(0, before.shipping - here)


def _promised(stored: Order) -> tuple[int, int, int]:
    """Return the ``REFUNDS`` promised by approved requests that no document can change."""
    settled = {plan_item.request.uuid for plan_item in _items_of_settled_lines(stored)}
    return _sums(
        [
            plan_item
            for request, (_, plan_item) in planned_requests(stored).items()
            if request.status is CancellationStatus.APPROVED
            and (not request.is_imported or request.uuid in settled)
        ]
    )


def _sums(plan_items: Sequence[CancellationPlanItem]) -> tuple[int, int, int]:
    return (
        sum(plan_item.refund_amount for plan_item in plan_items),
        sum(plan_item.discount_refund_amount for plan_item in plan_items),
        sum(plan_item.shipping_refund_amount for plan_item in plan_items),
    )
