"""The refund of a request, and the plan that it belongs to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class Refund:
    """What one request gives back, in minor units.

    ``amount`` is the total, ``shipping`` the shipping in it, ``own_shipping`` the seller's share
    of that; ``discount`` is the discount that is lost with the units. Units of an unpaid order
    give nothing back: ``unpaid`` and ``unpaid_discount`` are what they would have given, and are
    left out of every later refund.
    """

    amount: int = 0
    discount: int = 0
    shipping: int = 0
    own_shipping: int = 0
    unpaid: int = 0
    unpaid_discount: int = 0


def planned_requests(order: Order) -> Planned:
    """Return the plan and the plan item of each request."""
    return {
        plan_item.request: (plan, plan_item)
        for plan in order.cancellation_plans
        for plan_item in plan.items
    }


def plan_request(
    order: Order, item: OrderItem, request: CancellationRequest, now: datetime
) -> CancellationPlanItem:
    """Add a request to the waiting plan of its seller, order and type, or to a new one."""
    plan_item = CancellationPlanItem(request=request)
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
    plan.items.append(plan_item)
    plan.refresh_status(now)
    return plan_item


def forecast_refund(order: Order, item: OrderItem, plan_item: CancellationPlanItem) -> None:
    """Set the refund of an open request as it would be if approved now, without shipping."""
    units = max(0, min(item.units_of(plan_item.request), item.available_quantity))
    settled = min(item.settled_quantity, item.quantity)
    set_refund(plan_item, refund_of_units(order, item, settled, units))


def grant_refund(order: Order, item: OrderItem, plan_item: CancellationPlanItem) -> None:
    """Set the refund of a request that was just approved: goods, and shipping if due."""
    set_refund(plan_item, Refund())
    units = item.units_of(plan_item.request)
    goods = refund_of_units(order, item, item.settled_quantity - units, units)
    set_refund(plan_item, goods)
    shipping = refundable_shipping(order)
    set_refund(
        plan_item,
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
        amount=min(price, remaining_payment(order)),
        discount=min(discount, remaining_discount(order)),
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
    promised = sum(plan_item.shipping_refund_amount for plan_item in _promised(order))
    left = order.shipping_amount - order.shipping_refund_amount - promised
    return max(0, min(left, remaining_payment(order)))


def set_refund(plan_item: CancellationPlanItem, refund: Refund) -> None:
    """Set the amounts that the request gives back once it is completed."""
    plan_item.refund_amount = refund.amount
    plan_item.discount_refund_amount = refund.discount
    plan_item.shipping_refund_amount = refund.shipping
    plan_item.own_shipping_refund_amount = refund.own_shipping
    plan_item.unpaid_amount = refund.unpaid
    plan_item.unpaid_discount_amount = refund.unpaid_discount


def seller_shipping(order: Order, seller: Seller | None, shipping: int) -> int:
    """Return the seller's share of refunded shipping."""
    prices: Counter[Seller | None] = Counter()
    for item in order.items:
        prices[item.seller] += item.discounted_price
    _, refunds = divide_shipping(order.shipping_amount, shipping, list(prices.values()))
    return refunds[list(prices).index(seller)]


def remaining_discount(order: Order) -> int:
    """The discount that is neither lost with refunded units nor promised."""
    promised = sum(plan_item.discount_refund_amount for plan_item in _promised(order))
    unpaid = sum(
        plan_item.unpaid_discount_amount
        for request, (_, plan_item) in planned_requests(order).items()
        if request.is_agreed
    )
    return max(0, order.discount_amount - order.discount_refund_amount - promised - unpaid)


def remaining_payment(order: Order) -> int:
    """What was paid for goods and shipping and is neither refunded nor promised.

    Units cancelled before the payment were never paid.
    """
    promised = sum(plan_item.refund_amount for plan_item in _promised(order))
    unpaid = sum(
        plan_item.unpaid_amount
        for request, (_, plan_item) in planned_requests(order).items()
        if request.is_agreed
    )
    return max(0, order.amount - order.refund_amount - promised - unpaid)


def _promised(order: Order) -> list[CancellationPlanItem]:
    return [
        plan_item
        for request, (_, plan_item) in planned_requests(order).items()
        if request.status is CancellationStatus.APPROVED
    ]
