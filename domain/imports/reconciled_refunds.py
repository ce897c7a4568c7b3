"""Refunds of a stored order after a document has changed its lines."""

from collections.abc import Collection, Mapping, Sequence
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
    merged = _MergedOrder(stored, values, items)
    changes = dict(zip(REFUNDS, merged.changes(), strict=True))
    refunds = {name: max(0, getattr(stored, name) + changes[name]) for name in REFUNDS}
    for name, due in zip(REFUNDS, merged.due(), strict=True):
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
    for name, limit, promised in zip(REFUNDS, limits, merged.promised(), strict=True):
        if refunds[name] + promised > limit:
            raise SettledHere(f"/{name}", "More is given back or promised here than was paid.")
    return refunds


class _MergedOrder:
    """The refunds of a stored order, and of the same order after the import.

    Methods return the three ``REFUNDS``.
    """

    def __init__(self, stored: Order, values: Values, items: Sequence[ImportedItem]) -> None:
        lines = {item.line: item for item in stored.items}
        self._stored = stored
        self._values = values
        self._settled = {item.line for item in stored.items if item.is_settled_here}
        self._before = {line: _stored_line(item) for line, item in lines.items()}
        self._after = {
            item.values["line"]: _line(item, lines.get(item.values["line"])) for item in items
        }
        self._was = refund_totals(_of_order(stored), [*self._before.values()])
        self._becomes = refund_totals(values, [*self._after.values()])
        self._completed = self._completed_items(items)
        self._settled_items = self._items_of_settled_lines()

    def changes(self) -> tuple[int, int, int]:
        """Return the changes of the refunds by the document.

        Lines with units that were settled here change only by requests that the document completes.
        """
        was = refund_totals(_of_order(self._stored), self._unsettled(self._before))
        becomes = refund_totals(self._values, self._unsettled(self._after))
        amount, discount, shipping = _sums(self._completed)
        shipping_change = self._shipping_change()
        return (
            becomes.goods - was.goods + amount + shipping_change,
            becomes.discount - was.discount + discount,
            shipping + shipping_change,
        )

    def due(self) -> tuple[int, int, int]:
        """Return what was paid for all removed units, without what stays promised or is unpaid."""
        completed = {plan_item.request.uuid for plan_item in self._completed}
        # Units of returns are removed when these are completed.
        removed = [
            plan_item
            for plan_item in self._settled_items
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
        whole = self._becomes
        return (
            whole.goods
            + whole.shipping
            - refund
            - sum(plan_item.unpaid_amount for plan_item in removed),
            whole.discount
            - discount
            - sum(plan_item.unpaid_discount_amount for plan_item in removed),
            whole.shipping - shipping,
        )

    def promised(self) -> tuple[int, int, int]:
        """Return what approved requests promise that no document can change."""
        settled = {plan_item.request.uuid for plan_item in self._settled_items}
        return _sums(
            [
                plan_item
                for request, (_, plan_item) in planned_requests(self._stored).items()
                if request.status is CancellationStatus.APPROVED
                and (not request.is_imported or request.uuid in settled)
            ]
        )

    def _unsettled(self, lines: Mapping[int, RefundLine]) -> list[RefundLine]:
        return [refund_line for line, refund_line in lines.items() if line not in self._settled]

    def _shipping_change(self) -> int:
        """Return the change of refunded shipping, without that of requests decided here."""
        here = shipping_of_requests(self._stored)
        return max(0, self._becomes.shipping - here) - max(0, self._was.shipping - here)

    def _completed_items(self, items: Sequence[ImportedItem]) -> list[CancellationPlanItem]:
        """Return the plan items of requests on lines settled here that the document completes."""
        plan_items_by_uuid = {
            request.uuid: plan_item
            for request, (_, plan_item) in planned_requests(self._stored).items()
        }
        return [
            plan_item
            for item in items
            if item.values["line"] in self._settled
            for request in item.requests
            if request.requested.status is CancellationStatus.COMPLETED
            and (plan_item := plan_items_by_uuid.get(request.values["uuid"]))
            and plan_item.request.status is CancellationStatus.APPROVED
        ]

    def _items_of_settled_lines(self) -> list[CancellationPlanItem]:
        """Return the plan items of all requests for lines with units that were settled here.

        Requests are compared by UUID, because a plan and a line may have two objects of one row.
        """
        uuids = {
            request.uuid
            for item in self._stored.items
            if item.line in self._settled
            for request in item.cancellation_requests
        }
        plan_items = [item for plan in self._stored.cancellation_plans for item in plan.items]
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


def _sums(plan_items: Sequence[CancellationPlanItem]) -> tuple[int, int, int]:
    return (
        sum(plan_item.refund_amount for plan_item in plan_items),
        sum(plan_item.discount_refund_amount for plan_item in plan_items),
        sum(plan_item.shipping_refund_amount for plan_item in plan_items),
    )
