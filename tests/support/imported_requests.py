"""Orders with requests of import documents, and their plans."""

from datetime import timedelta
from typing import Any

from domain.cancellations.imported_plans import plan_imported_requests
from domain.cancellations.refunds import planned_requests
from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem, PlanStatus
from domain.orders.cancellations import CancellationRequest, CancellationStatus
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from tests.support.builders import NOW, make_request
from tests.support.cancellation_fakes import CANCEL, REFUND, stored_item, stored_order

LATER = NOW + timedelta(hours=1)


def imported(status: str, **fields: Any) -> CancellationRequest:
    """A request of a document, to cancel one unit."""
    fields = {"quantity": 1, "is_imported": True} | fields
    return make_request(status=CancellationStatus(status), **fields)


def returned(status: str, **fields: Any) -> CancellationRequest:
    return imported(status, cancellation_type=REFUND, **fields)


def line(*requests: CancellationRequest, **fields: Any) -> OrderItem:
    """A line of three units, of which those of the agreed requests to cancel are cancelled."""
    cancelled = sum(
        request.quantity or 0 for request in requests if request.is_cancel and request.is_agreed
    )
    fields = {"quantity": 3, "price": 9000, "cancelled_quantity": cancelled} | fields
    return stored_item(cancellation_requests=[*requests], **fields)


def planned(*items: OrderItem, **fields: Any) -> Order:
    order = stored_order(*items, **fields)
    plan_imported_requests(order)
    return order


def refund(order: Order, request: CancellationRequest) -> tuple[int, int, int]:
    """Return the refund of a request, the discount lost with it, and the shipping in it."""
    _, plan_item = planned_requests(order)[request]
    amounts = plan_item.refund_amount, plan_item.discount_refund_amount
    return *amounts, plan_item.shipping_refund_amount


def decided_here(**amounts: int) -> tuple[OrderItem, CancellationPlan]:
    """Return a line with a request that was completed here, and its plan."""
    request = make_request(status=CancellationStatus.COMPLETED, quantity=1)
    plan = CancellationPlan(
        plan_type=CANCEL,
        status=PlanStatus.COMPLETED,
        created_date=NOW,
        modified_date=NOW,
        items=[CancellationPlanItem(request=request, **amounts)],
    )
    return line(request), plan
