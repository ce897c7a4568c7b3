"""Plans of requests, and the refunds that they give."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.cancellations.refunds import Refund
from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem
from domain.orders.cancellations import CancellationRequest, CancellationStatus
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.seller_shares import divide_shipping
from domain.orders.states import CANCELLED_OR_REJECTED
from domain.sellers.sellers import Seller
from domain.shared.identifiers import derived_uuid
from domain.shared.unit_shares import share_of_units

Planned = Mapping[CancellationRequest, tuple[CancellationPlan, CancellationPlanItem]]


def planned_requests(order: Order) -> Planned:
    """Return the plan and the plan item of each request."""
    return {
        planned.request: (plan, planned)
        for plan in order.cancellation_plans
        for planned in plan.items
    }


def plan_request(
    order: Order, item: OrderItem, request: CancellationRequest, now: datetime
) -> CancellationPlanItem:
    """Add a request to the waiting plan of its seller, order and type, or to a new one."""
    planned = CancellationPlanItem(request=request)
    plan = next(
        (
            plan
            for plan in order.cancellation_plans
            if plan.accepts(request.cancellation_type, item.seller)
        ),
        None,
    )
    if plan is None:
        plan = CancellationPlan(
            uuid=derived_uuid("CancellationPlan", request.uuid),
            seller=item.seller,
            plan_type=request.cancellation_type,
            created_date=now,
            modified_date=now,
        )
        order.cancellation_plans.append(plan)
    plan.items.append(planned)
    plan.refresh_status(now)
    return planned


def forecast_refund(order: Order, item: OrderItem, planned: CancellationPlanItem) -> None:
    """Set the refund of an open request as it would be if approved now, without shipping."""
    units = max(0, min(item.units_of(planned.request), item.available_quantity))
    settled = min(item.settled_quantity, item.quantity)
    set_refund(planned, refund_of_units(order, item, settled, units))


def grant_refund(order: Order, item: OrderItem, planned: CancellationPlanItem) -> None:
    """Set the refund of a request that was just approved: goods, and shipping if due."""
    set_refund(planned, Refund())
    units = item.units_of(planned.request)
    goods = refund_of_units(order, item, item.settled_quantity - units, units)
    set_refund(planned, goods)
    shipping = refundable_shipping(order)
    set_refund(
        planned,
        replace(
            goods,
            amount=goods.amount + shipping,
            shipping=shipping,
            own_shipping=seller_shipping(order, item.seller, shipping),
        ),
    )


def refund_of_units(order: Order, item: OrderItem, settled: int, units: int) -> Refund:
    """Return the refund of ``units`` after ``settled`` others, at most what was paid."""
    price = share_of_units(item.discounted_price, item.quantity, settled, units)
    discount = share_of_units(item.discount_amount, item.quantity, settled, units)
    if order.payment_pending:
        return Refund(unpaid=price, unpaid_discount=discount)
    return Refund(
        amount=min(price, still_paid(order)), discount=min(discount, still_discounted(order))
    )


def refundable_shipping(order: Order) -> int:
    """Return the shipping to refund now.

    That is all shipping not yet refunded or promised, once every line is cancelled or rejected
    and nothing was shipped; else 0.
    """
    is_earned = any(
        item.state not in CANCELLED_OR_REJECTED or item.shipped_date for item in order.items
    )
    if is_earned or order.payment_pending:
        return 0
    promised = sum(planned.shipping_refund_amount for planned in _promised(order))
    left = order.shipping_amount - order.shipping_refund_amount - promised
    return max(0, min(left, still_paid(order)))


def set_refund(planned: CancellationPlanItem, refund: Refund) -> None:
    """Set the amounts that the request gives back once it is completed."""
    planned.refund_amount = refund.amount
    planned.discount_refund_amount = refund.discount
    planned.shipping_refund_amount = refund.shipping
    planned.own_shipping_refund_amount = refund.own_shipping
    planned.unpaid_amount = refund.unpaid
    planned.unpaid_discount_amount = refund.unpaid_discount


def seller_shipping(order: Order, seller: Seller | None, shipping: int) -> int:
    """Return the seller's share of refunded shipping."""
    prices: Counter[Seller | None] = Counter()
    for item in order.items:
        prices[item.seller] += item.discounted_price
    _, refunds = divide_shipping(order.shipping_amount, shipping, list(prices.values()))
    return refunds[list(prices).index(seller)]


def still_discounted(order: Order) -> int:
    """The discount that is neither lost with refunded units nor promised."""
    promised = sum(planned.discount_refund_amount for planned in _promised(order))
    unpaid = sum(
        planned.unpaid_discount_amount
        for request, (_, planned) in planned_requests(order).items()
        if request.is_agreed
    )
    return max(0, order.discount_amount - order.discount_refund_amount - promised - unpaid)


def still_paid(order: Order) -> int:
    """What was paid for goods and shipping and is neither refunded nor promised.

    Units cancelled before the payment were never paid.
    """
    promised = sum(planned.refund_amount for planned in _promised(order))
    unpaid = sum(
        planned.unpaid_amount
        for request, (_, planned) in planned_requests(order).items()
        if request.is_agreed
    )
    return max(0, order.amount - order.refund_amount - promised - unpaid)


def _promised(order: Order) -> list[CancellationPlanItem]:
    return [
        planned
        for request, (_, planned) in planned_requests(order).items()
        if request.status is CancellationStatus.APPROVED
    ]
