"""The cancellation plans of requests that came with imported orders, and what they give back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from domain.cancellations.refund_plans import (
    forecast_refund,
    planned_requests,
    refundable_shipping,
    seller_shipping,
    set_refund,
    still_discounted,
    still_paid,
)
from domain.cancellations.refunds import Refund
from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem, GivenPlan
from domain.orders.cancellations import CancellationRequest, CancellationStatus
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.shared.identifiers import derived_uuid
from domain.shared.money import split
from domain.shared.unit_shares import share_of_units

_IN_SEQUENCE = {CancellationStatus.COMPLETED: 0, CancellationStatus.APPROVED: 1}


@dataclass(frozen=True, slots=True)
class _Imported:
    """A request that documents still own, and its place in a plan."""

    item: OrderItem
    planned: CancellationPlanItem

    @property
    def request(self) -> CancellationRequest:
        return self.planned.request

    @property
    def is_cancel(self) -> bool:
        return self.request.is_cancel


def follow_document(
    order: Order, changed: Collection[UUID], given: Mapping[UUID, GivenPlan], now: datetime
) -> None:
    """Bring the plans in line with an order that an import has just stored.

    ``changed`` names the requests whose status is another than before, ``given`` has what the
    document says of plans, by the UUID of the request.
    """
    plan_imported_requests(order)
    for plan in order.cancellation_plans:
        if any(each.request.uuid in changed for each in plan.items):
            plan.refresh_status(now)
    for item in order.items:
        for request in item.cancellation_requests:
            plan, planned = planned_requests(order)[request]
            if request.is_open:
                forecast_refund(order, item, planned)
            is_owned = all(each.request.is_imported for each in plan.items)
            if is_owned and request.uuid in given:
                _take(plan, given[request.uuid])


def plan_imported_requests(order: Order) -> None:
    """Give every request of the order a plan, and each that documents own what it gives back.

    Open requests of one seller and type share a waiting plan, as those that are made here do.
    Decided ones share a plan where they were made at the same time.

    Money that a document booked (``refund_amount`` of the order) goes to the completed requests.
    An approved request promises what its units were paid for, unless the order has that booked
    already. Amounts on lines with requests that were agreed to here stay as they are: those stand
    after them in the sequence of units.
    """
    moving = _taken_from_other_sellers(order)
    known = planned_requests(order)
    missing = [
        (item, request)
        for item in order.items
        for request in item.cancellation_requests
        if request not in known
    ]
    for item, request in sorted(missing, key=lambda each: each[1].created_date):
        if request in moving:
            _plan(order, item, moving[request], uuid4())
        else:
            uuid = derived_uuid("CancellationPlan", request.uuid)
            _plan(order, item, CancellationPlanItem(request=request), uuid)
    planned = planned_requests(order)
    imported = [
        _Imported(item, planned[request][1])
        for item in order.items
        for request in item.cancellation_requests
        if request not in known or (request.is_imported and not item.is_settled_here)
    ]
    if imported:
        _set_imported_refunds(order, imported)


def _take(plan: CancellationPlan, given: GivenPlan) -> None:
    plan.status = given.status or plan.status
    plan.note = given.note or plan.note
    plan.invoice_number = given.invoice_number or plan.invoice_number
    plan.payment_plan = plan.payment_plan if given.payment_plan is None else given.payment_plan


def _taken_from_other_sellers(order: Order) -> dict[CancellationRequest, CancellationPlanItem]:
    """Take requests out of plans of a seller who does not sell their line any more."""
    planned = planned_requests(order)
    taken = {}
    for item in order.items:
        for request in item.cancellation_requests:
            plan, place = planned.get(request, (None, None))
            if plan and place and request.is_imported and plan.seller is not item.seller:
                plan.items.remove(place)
                taken[request] = place
                if not plan.items:
                    order.cancellation_plans.remove(plan)
    return taken


def _plan(order: Order, item: OrderItem, place: CancellationPlanItem, uuid: UUID) -> None:
    """Put a request into a plan that fits, or into a new one with this UUID."""
    request = place.request
    plan = next(
        (plan for plan in order.cancellation_plans if _fits(plan, item, request)),
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
    plan.items.append(place)
    plan.refresh_status(max(plan.modified_date, request.modified_date))


def _fits(plan: CancellationPlan, item: OrderItem, request: CancellationRequest) -> bool:
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
    for each in imported:
        set_refund(each.planned, Refund())
    worth = _worth(order, imported)
    if order.payment_pending:
        for each in imported:
            value = worth.get(each.request, Refund())
            set_refund(each.planned, Refund(unpaid=value.amount, unpaid_discount=value.discount))
        return
    completed = [each for each in imported if _has(each, CancellationStatus.COMPLETED)]
    approved = [each for each in imported if _has(each, CancellationStatus.APPROVED)]
    _book(order, completed, worth)
    _promise_cancels(order, [each for each in approved if each.is_cancel], worth)
    for each in approved:
        if not each.is_cancel:
            value = worth[each.request]
            amount = min(value.amount, still_paid(order))
            discount = min(value.discount, still_discounted(order))
            set_refund(each.planned, Refund(amount=amount, discount=discount))
    for each in imported:
        if each.request.is_open:
            forecast_refund(order, each.item, each.planned)


def _has(each: _Imported, status: CancellationStatus) -> bool:
    return each.request.status is status


def _worth(order: Order, imported: Iterable[_Imported]) -> Mapping[CancellationRequest, Refund]:
    """Return what the units of each agreed request were paid for, without shipping.

    Units that no request accounts for come first in their line, then those of requests that have
    their amounts, then those of ``imported``: completed, approved cancels, approved returns.
    """
    agreed = [each for each in imported if each.request.is_agreed]
    worth = {}
    for item in order.items:
        own = sorted((each for each in agreed if each.item is item), key=_sequence)
        position = max(0, item.settled_quantity - sum(_units(each) for each in own))
        for each in own:
            units = min(_units(each), item.quantity - position)
            worth[each.request] = Refund(
                amount=share_of_units(item.discounted_price, item.quantity, position, units),
                discount=share_of_units(item.discount_amount, item.quantity, position, units),
            )
            position += units
    return worth


def _sequence(each: _Imported) -> tuple[int, bool, datetime]:
    request = each.request
    return _IN_SEQUENCE[request.status], not request.is_cancel, request.created_date


def _units(each: _Imported) -> int:
    return each.item.units_of(each.request)


def _book(
    order: Order, completed: Sequence[_Imported], worth: Mapping[CancellationRequest, Refund]
) -> None:
    """Divide among completed requests what documents say was given back."""
    if not completed:
        return
    others = _others(order, completed, CancellationStatus.COMPLETED)
    shipping = order.shipping_refund_amount - sum(each.shipping_refund_amount for each in others)
    goods = order.refund_amount - sum(each.refund_amount for each in others) - max(0, shipping)
    discount = order.discount_refund_amount - sum(each.discount_refund_amount for each in others)
    amounts = _at_most(goods, [worth[each.request].amount for each in completed])
    discounts = _at_most(discount, [worth[each.request].discount for each in completed])
    for each, amount, lost in zip(completed, amounts, discounts, strict=True):
        set_refund(each.planned, Refund(amount=amount, discount=lost))
    cancels = [each for each in completed if each.is_cancel]
    if cancels and shipping > 0 and goods >= 0:
        last = max(cancels, key=lambda each: each.request.modified_date)
        _add_shipping(order, last, shipping)


def _promise_cancels(
    order: Order, approved: Sequence[_Imported], worth: Mapping[CancellationRequest, Refund]
) -> None:
    """Promise what the units that are off were paid for, as far as it is not booked already."""
    if not approved:
        return
    others = _others(order, approved, CancellationStatus.APPROVED)
    cancels = [each for each in others if each.request.is_cancel]
    booked = order.refund_amount - order.shipping_refund_amount
    goods, discount = _due(order)
    goods -= booked + sum(each.refund_amount - each.shipping_refund_amount for each in cancels)
    discount -= order.discount_refund_amount
    discount -= sum(each.discount_refund_amount for each in cancels)
    for each in approved:
        value = worth[each.request]
        amount = max(0, min(value.amount, goods, still_paid(order)))
        lost = max(0, min(value.discount, discount))
        set_refund(each.planned, Refund(amount=amount, discount=lost))
        goods, discount = goods - amount, discount - lost
    _add_shipping(order, approved[-1], refundable_shipping(order))


def _due(order: Order) -> tuple[int, int]:
    """Return what all units that are gone were paid for, and the discount lost with them."""
    goods = discount = 0
    for item in order.items:
        gone = min(item.quantity, item.cancelled_quantity + item.refunded_quantity)
        goods += share_of_units(item.discounted_price, item.quantity, 0, gone)
        discount += share_of_units(item.discount_amount, item.quantity, 0, gone)
    return goods, discount


def _others(
    order: Order, imported: Iterable[_Imported], status: CancellationStatus
) -> list[CancellationPlanItem]:
    """Return the places of requests with this status that are not among ``imported``."""
    own = {each.request for each in imported}
    return [
        place
        for request, (_, place) in planned_requests(order).items()
        if request.status is status and request not in own
    ]


def _add_shipping(order: Order, each: _Imported, shipping: int) -> None:
    place = each.planned
    set_refund(
        place,
        Refund(
            amount=place.refund_amount + shipping,
            discount=place.discount_refund_amount,
            shipping=shipping,
            own_shipping=seller_shipping(order, each.item.seller, shipping),
        ),
    )


def _at_most(total: int, values: Sequence[int]) -> Sequence[int]:
    """Return the values, or shares in proportion where they come to more than ``total``."""
    return values if sum(values) <= total else split(max(0, total), values)
