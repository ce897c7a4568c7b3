"""Cancellation plans and refunds of the requests in imported orders."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from domain.cancellations.refunds import (
    Refund,
    forecast_refund,
    planned_requests,
    refundable_shipping,
    remaining_discount,
    remaining_payment,
    seller_shipping,
    set_refund,
)
from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem, ImportedPlan
from domain.orders.cancellations import CancellationRequest, CancellationStatus
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.shared.identifiers import derived_uuid
from domain.shared.money import split
from domain.shared.unit_shares import share_of_units

_RANK = {CancellationStatus.COMPLETED: 0, CancellationStatus.APPROVED: 1}


@dataclass(frozen=True, slots=True)
class _Imported:
    """A request that documents still own, and its plan item."""

    item: OrderItem
    plan_item: CancellationPlanItem

    @property
    def request(self) -> CancellationRequest:
        return self.plan_item.request

    @property
    def is_cancel(self) -> bool:
        return self.request.is_cancel


def refresh_plans(
    order: Order, changed: Collection[UUID], plans: Mapping[UUID, ImportedPlan], now: datetime
) -> None:
    """Update the plans of an order that an import has just stored.

    ``changed`` are the UUIDs of the requests whose status changed; ``plans`` has what the
    document says of their plans, by the UUID of the request.
    """
    plan_imported_requests(order)
    for plan in order.cancellation_plans:
        if any(plan_item.request.uuid in changed for plan_item in plan.items):
            plan.refresh_status(now)
    for item in order.items:
        for request in item.cancellation_requests:
            plan, plan_item = planned_requests(order)[request]
            if request.is_open:
                forecast_refund(order, item, plan_item)
            elif request.status is CancellationStatus.REJECTED:
                set_refund(plan_item, Refund())
            is_owned = all(other.request.is_imported for other in plan.items)
            if is_owned and request.uuid in plans:
                _apply(plan, plans[request.uuid])


def plan_imported_requests(order: Order) -> None:
    """Put every request of the order into a plan, and set the refunds of those that documents own.

    Open requests of one seller and type share a waiting plan, like requests made here. Decided
    requests share a plan if they have the same creation time.

    The order's ``refund_amount`` in the document is divided among the completed requests. An
    approved request promises what was paid for its units, unless the order has refunded that
    already. Lines with requests that were approved here keep their amounts, because those requests
    come later in the sequence of units.
    """
    moved = _remove_from_other_sellers(order)
    already_planned = planned_requests(order)
    missing = [
        (item, request)
        for item in order.items
        for request in item.cancellation_requests
        if request not in already_planned
    ]
    for item, request in sorted(missing, key=lambda pair: pair[1].created_date):
        if request in moved:
            _plan(order, item, moved[request], uuid4())
        else:
            uuid = derived_uuid("CancellationPlan", request.uuid)
            _plan(order, item, CancellationPlanItem(request=request), uuid)
    plans = planned_requests(order)
    imported = [
        _Imported(item, plans[request][1])
        for item in order.items
        for request in item.cancellation_requests
        if request not in already_planned or (request.is_imported and not item.is_settled_here)
    ]
    if imported:
        _set_imported_refunds(order, imported)


def _apply(plan: CancellationPlan, imported: ImportedPlan) -> None:
    plan.status = imported.status or plan.status
    plan.note = imported.note or plan.note
    plan.invoice_number = imported.invoice_number or plan.invoice_number
    if imported.payment_plan is not None:
        plan.payment_plan = imported.payment_plan


def _remove_from_other_sellers(order: Order) -> dict[CancellationRequest, CancellationPlanItem]:
    """Remove requests from plans of a seller who no longer sells their line; return their items."""
    plans = planned_requests(order)
    removed = {}
    for item in order.items:
        for request in item.cancellation_requests:
            plan, plan_item = plans.get(request, (None, None))
            if plan and plan_item and request.is_imported and plan.seller is not item.seller:
                plan.items.remove(plan_item)
                removed[request] = plan_item
                if not plan.items:
                    order.cancellation_plans.remove(plan)
    return removed


def _plan(order: Order, item: OrderItem, plan_item: CancellationPlanItem, uuid: UUID) -> None:
    """Add a request to a matching plan, or to a new one with this UUID."""
    request = plan_item.request
    plan = next(
        (plan for plan in order.cancellation_plans if _matches(plan, item, request)),
        None,
    )
    if plan is None:
        plan = CancellationPlan(
            uuid=uuid,
            seller=item.seller,
            plan_type=request.cancellation_type,
            created_date=request.created_date,
            modified_date=request.modified_date,
        )
        order.cancellation_plans.append(plan)
    plan.items.append(plan_item)
    plan.refresh_status(max(plan.modified_date, request.modified_date))


def _matches(plan: CancellationPlan, item: OrderItem, request: CancellationRequest) -> bool:
    if request.is_open:
        return plan.accepts(request.cancellation_type, item.seller)
    return (
        plan.plan_type is request.cancellation_type
        and plan.seller is item.seller
        and plan.created_date == request.created_date
        and all(other.request.is_imported for other in plan.items)
        and not any(other.request.is_open for other in plan.items)
    )


def _set_imported_refunds(order: Order, imported: Sequence[_Imported]) -> None:
    for entry in imported:
        set_refund(entry.plan_item, Refund())
    worth = _worth(order, imported)
    if order.payment_pending:
        for entry in imported:
            value = worth.get(entry.request, Refund())
            set_refund(entry.plan_item, Refund(unpaid=value.amount, unpaid_discount=value.discount))
    else:
        _set_paid_refunds(order, imported, worth)
    for entry in imported:
        if entry.request.is_open:
            forecast_refund(order, entry.item, entry.plan_item)


def _set_paid_refunds(
    order: Order, imported: Sequence[_Imported], worth: Mapping[CancellationRequest, Refund]
) -> None:
    """Set the refunds of the agreed requests of an order that is paid."""
    completed = [entry for entry in imported if _has(entry, CancellationStatus.COMPLETED)]
    approved = [entry for entry in imported if _has(entry, CancellationStatus.APPROVED)]
    _divide_refund(order, completed, worth)
    _promise_cancels(order, [entry for entry in approved if entry.is_cancel], worth)
    for entry in approved:
        if not entry.is_cancel:
            value = worth[entry.request]
            amount = min(value.amount, remaining_payment(order))
            discount = min(value.discount, remaining_discount(order))
            set_refund(entry.plan_item, Refund(amount=amount, discount=discount))


def _has(entry: _Imported, status: CancellationStatus) -> bool:
    return entry.request.status is status


def _worth(order: Order, imported: Iterable[_Imported]) -> Mapping[CancellationRequest, Refund]:
    """Return what was paid for the units of each agreed request, without shipping.

    The sequence of units in a line is: units of no request, units of requests whose amounts are
    set, then those of ``imported``: completed, approved cancels, approved returns.
    """
    agreed = [entry for entry in imported if entry.request.is_agreed]
    worth = {}
    for item in order.items:
        own = sorted((entry for entry in agreed if entry.item is item), key=_sort_key)
        position = max(0, item.settled_quantity - sum(_units(entry) for entry in own))
        for entry in own:
            units = min(_units(entry), item.quantity - position)
            worth[entry.request] = Refund(
                amount=share_of_units(item.discounted_price, item.quantity, position, units),
                discount=share_of_units(item.discount_amount, item.quantity, position, units),
            )
            position += units
    return worth


def _sort_key(entry: _Imported) -> tuple[int, bool, datetime]:
    request = entry.request
    return _RANK[request.status], not request.is_cancel, request.created_date


def _units(entry: _Imported) -> int:
    return entry.item.units_of(entry.request)


def _divide_refund(
    order: Order, completed: Sequence[_Imported], worth: Mapping[CancellationRequest, Refund]
) -> None:
    """Divide the refund that documents give among the completed requests."""
    if not completed:
        return
    others = _others(order, completed, CancellationStatus.COMPLETED)
    shipping = order.shipping_refund_amount - sum(other.shipping_refund_amount for other in others)
    shipping = max(0, shipping)
    goods = order.refund_amount - sum(other.refund_amount for other in others) - shipping
    discount = order.discount_refund_amount - sum(other.discount_refund_amount for other in others)
    amounts = _at_most(goods, [worth[entry.request].amount for entry in completed])
    discounts = _at_most(discount, [worth[entry.request].discount for entry in completed])
    for entry, amount, lost in zip(completed, amounts, discounts, strict=True):
        set_refund(entry.plan_item, Refund(amount=amount, discount=lost))
    cancels = [entry for entry in completed if entry.is_cancel]
    if cancels and goods >= 0:
        last = max(cancels, key=lambda entry: entry.request.modified_date)
        _add_shipping(order, last, shipping)


def _promise_cancels(
    order: Order, approved: Sequence[_Imported], worth: Mapping[CancellationRequest, Refund]
) -> None:
    """Promise what was paid for the cancelled units, as far as it is not refunded already."""
    if not approved:
        return
    others = _others(order, approved, CancellationStatus.APPROVED)
    cancels = [other for other in others if other.request.is_cancel]
    goods, discount = _due(order)
    goods -= order.refund_amount - order.shipping_refund_amount
    goods -= sum(cancel.refund_amount - cancel.shipping_refund_amount for cancel in cancels)
    discount -= order.discount_refund_amount
    discount -= sum(cancel.discount_refund_amount for cancel in cancels)
    for entry in approved:
        value = worth[entry.request]
        amount = max(0, min(value.amount, goods, remaining_payment(order)))
        lost = max(0, min(value.discount, discount))
        set_refund(entry.plan_item, Refund(amount=amount, discount=lost))
        goods, discount = goods - amount, discount - lost
    _add_shipping(order, approved[-1], refundable_shipping(order))


def _due(order: Order) -> tuple[int, int]:
    """Return what was paid for all removed units, and the discount lost with them."""
    goods = discount = 0
    for item in order.items:
        removed = min(item.quantity, item.cancelled_quantity + item.refunded_quantity)
        goods += share_of_units(item.discounted_price, item.quantity, 0, removed)
        discount += share_of_units(item.discount_amount, item.quantity, 0, removed)
    return goods, discount


def _others(
    order: Order, imported: Iterable[_Imported], status: CancellationStatus
) -> list[CancellationPlanItem]:
    """Return the plan items of requests with this status that are not among ``imported``."""
    own = {entry.request for entry in imported}
    return [
        plan_item
        for request, (_, plan_item) in planned_requests(order).items()
        if request.status is status and request not in own
    ]


def _at_most(total: int, values: Sequence[int]) -> Sequence[int]:
    """Return the values, or proportional shares of ``total`` if their sum is larger."""
    return values if sum(values) <= total else split(max(0, total), values)


def _add_shipping(order: Order, entry: _Imported, shipping: int) -> None:
    plan_item = entry.plan_item
    set_refund(
        plan_item,
        Refund(
            amount=plan_item.refund_amount + shipping,
            discount=plan_item.discount_refund_amount,
            shipping=shipping,
            own_shipping=seller_shipping(order, entry.item.seller, shipping),
        ),
    )
