"""Changes of an order with a row in every table, and what saving them writes."""

from collections.abc import Callable

from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem
from domain.orders.cancellations import CancellationType
from domain.orders.orders import Order
from domain.orders.states import OrderState
from tests.support.builders import (
    NOW,
    make_discount,
    make_easy_return_company,
    make_request,
)


def add_plan(order: Order) -> None:
    """Move the second request to a new plan."""
    moved = order.cancellation_plans[0].items.pop()
    plan = CancellationPlan(
        plan_type=CancellationType.CANCEL, created_date=NOW, modified_date=NOW, items=[moved]
    )
    order.cancellation_plans.append(plan)


def add_request(order: Order) -> None:
    """Add a request of a line to the existing plan."""
    request = make_request(reason_pk=order.items[0].cancellation_requests[0].reason_pk)
    order.items[2].cancellation_requests.append(request)
    order.cancellation_plans[0].items.append(CancellationPlanItem(request=request))


def remove_request(order: Order) -> None:
    """Remove a request with its return and its plan item."""
    request = order.items[0].cancellation_requests.pop(0)
    plan = order.cancellation_plans[0]
    plan.items = [plan_item for plan_item in plan.items if plan_item.request.pk != request.pk]


def rename_discounts(order: Order) -> None:
    for discount in order.discounts:
        discount.name = "changed"


def replace_discounts(order: Order) -> None:
    order.discounts[0].amount = 3
    order.discounts.append(make_discount())


def set_note(order: Order) -> None:
    order.cancellation_plans[0].note = "changed"


def set_state(order: Order) -> None:
    order.state = OrderState.APPROVED


WRITES: dict[str, tuple[Callable[[Order], object], list[str]]] = {
    "of the root": (set_state, ["UPDATE orders"]),
    "of a part": (
        set_note,
        ["UPDATE orders", "UPDATE cancellation_plans"],
    ),
    "of two parts of a table": (
        rename_discounts,
        ["UPDATE orders", "UPDATE discount_items", "UPDATE discount_items"],
    ),
    "of new parts": (
        lambda order: order.discounts.extend([make_discount(), make_discount()]),
        ["UPDATE orders", "INSERT discount_items"],
    ),
    "of a removed part": (
        lambda order: order.discounts.pop(),
        ["UPDATE orders", "DELETE discount_items"],
    ),
    "of a removed part with parts of its own": (
        remove_request,
        [
            "UPDATE orders",
            "DELETE easy_returns",
            "DELETE cancellation_plan_items",
            "DELETE cancellation_requests",
        ],
    ),
    "of a changed and a new part": (
        replace_discounts,
        ["UPDATE orders", "UPDATE discount_items", "INSERT discount_items"],
    ),
    "of a new request in an old plan": (
        add_request,
        [
            "UPDATE orders",
            "INSERT cancellation_requests",
            "INSERT cancellation_plan_items",
        ],
    ),
    "of a plan item that moves to a new plan": (
        add_plan,
        ["UPDATE orders", "INSERT cancellation_plans", "UPDATE cancellation_plan_items"],
    ),
    "of fewer links": (
        lambda order: order.items[0].easy_return_companies.pop(),
        ["UPDATE orders", "DELETE order_item_easy_return_companies"],
    ),
    "of more links": (
        lambda order: order.items[1].easy_return_companies.extend(
            order.items[0].easy_return_companies
        ),
        ["UPDATE orders", "INSERT order_item_easy_return_companies"],
    ),
    "of links to what is new": (
        lambda order: order.items[1].easy_return_companies.append(
            make_easy_return_company(name="new", shipping_company=order.shipping_company)
        ),
        [
            "INSERT easy_return_shipping_companies",
            "UPDATE orders",
            "INSERT order_item_easy_return_companies",
        ],
    ),
}
"""By name, a change and the statements that save it, each as a command and its table."""
