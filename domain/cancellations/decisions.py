"""Operator decisions: requests are approved, rejected and completed, and money is refunded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from domain.audit import AuditEntry
from domain.cancellations.imported_plans import plan_imported_requests
from domain.cancellations.refunds import Refund, grant_refund, planned_requests, set_refund
from domain.cancellations.requests import CancellationRequestQuery, CancellationWork
from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem, PlanStatus
from domain.orders.cancellations import CancellationRequest, CancellationStatus
from domain.orders.loyalty import LoyaltyTransaction
from domain.orders.order_emails import enqueue_request_email
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.state_changes import audited
from domain.outbox import OutboxKind
from domain.shared.errors import NotFound
from domain.shared.identifiers import require_storable_pk
from domain.shared.paging import Page, PageRequest

_KINDS = {
    CancellationStatus.APPROVED: OutboxKind.CANCELLATION_APPROVED,
    CancellationStatus.REJECTED: OutboxKind.CANCELLATION_REJECTED,
    CancellationStatus.COMPLETED: OutboxKind.CANCELLATION_COMPLETED,
}


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """A request and the number of its order."""

    order_number: str
    request: CancellationRequest


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """A request with its order, plan and audit entries; an imported one may have no plan."""

    order: Order
    item: OrderItem
    request: CancellationRequest
    plan: CancellationPlan | None
    plan_item: CancellationPlanItem | None
    audit: list[AuditEntry]


def list_all_requests(
    status: CancellationStatus | None, page: PageRequest, uow: CancellationWork
) -> Page[RequestSummary]:
    """Return one page of all requests, newest first. Raises InvalidPage."""
    query = CancellationRequestQuery(status=status)
    count = uow.cancellation_requests.count(query)
    page.require_within(count)
    requests = uow.cancellation_requests.requests(query, page)
    numbers = uow.cancellation_requests.order_numbers(
        [request.order_item_pk for request in requests]
    )
    listed = [RequestSummary(numbers[request.order_item_pk], request) for request in requests]
    return Page(count, page.number, page.limit, listed)


def show_request(request_pk: int, uow: CancellationWork) -> RequestDetails:
    """Return a request with its details. Raises NotFound."""
    require_storable_pk(request_pk)
    order, item, request = _find(request_pk, uow.orders.by_request(request_pk))
    plan, plan_item = planned_requests(order).get(request) or (None, None)
    return RequestDetails(order, item, request, plan, plan_item, uow.audit.entries(request.uuid))


def approve_request(request_pk: int, actor: str, uow: CancellationWork) -> CancellationRequest:
    """Approve an open request.

    Units of a cancel are cancelled now, those of a refund when the request is completed. The
    amounts of the refund are set now. Raises NotFound, and Conflict for a request that is not
    open and for units that are removed or shipped.
    """
    with _deciding(request_pk, actor, CancellationStatus.APPROVED, uow) as case:
        case.item.approve_request(case.request, uow.now)
        grant_refund(case.order, case.item, case.plan_item)
    return case.request


def reject_request(request_pk: int, actor: str, uow: CancellationWork) -> CancellationRequest:
    """Reject an open request: the line returns to its earlier state.

    Raises NotFound, and Conflict for a request that is not open.
    """
    with _deciding(request_pk, actor, CancellationStatus.REJECTED, uow) as case:
        case.item.reject_request(case.request, uow.now)
        set_refund(case.plan_item, Refund())
    return case.request


def complete_request(request_pk: int, actor: str, uow: CancellationWork) -> CancellationRequest:
    """Complete an approved request: add its refund to the order, as loyalty money if so requested.

    Raises NotFound, and Conflict for a request that is not approved.
    """
    with _deciding(request_pk, actor, CancellationStatus.COMPLETED, uow) as case:
        case.item.complete_request(case.request, uow.now)
        _add_refund(case.order, case.plan_item)
    return case.request


def mark_plan(
    plan_pk: int, status: PlanStatus, note: str | None, actor: str, uow: CancellationWork
) -> CancellationPlan:
    """Set any of the documented states of a plan, with a note. Raises NotFound."""
    require_storable_pk(plan_pk)
    order = uow.orders.lock_by_plan(plan_pk)
    if order is None:
        raise NotFound
    plan = next(plan for plan in order.cancellation_plans if plan.pk == plan_pk)
    with audited([order], actor, uow, note):
        plan.mark(status, note, uow.now)
    uow.commit()
    return plan


@dataclass(frozen=True, slots=True)
class _Case:
    """A request to decide, with its order, line and plan item."""

    order: Order
    item: OrderItem
    request: CancellationRequest
    plan_item: CancellationPlanItem


@contextmanager
def _deciding(
    request_pk: int, actor: str, status: CancellationStatus, uow: CancellationWork
) -> Iterator[_Case]:
    """Lock the order, run the decision, refresh plan and order, audit, e-mail, and commit."""
    require_storable_pk(request_pk)
    order, item, request = _find(request_pk, uow.orders.lock_by_request(request_pk))
    request.require_next(status)
    with audited([order], actor, uow):
        plan_imported_requests(order)
        plan, plan_item = planned_requests(order)[request]
        yield _Case(order, item, request, plan_item)
        plan.refresh_status(uow.now)
        order.refresh_state(uow.now)
    enqueue_request_email(_KINDS[status], order, [(item, plan_item)], uow)
    uow.commit()


def _find(request_pk: int, order: Order | None) -> tuple[Order, OrderItem, CancellationRequest]:
    for item in order.items if order else ():
        for request in item.cancellation_requests:
            if order and request.pk == request_pk:
                return order, item, request
    raise NotFound


def _add_refund(order: Order, plan_item: CancellationPlanItem) -> None:
    """Add the refund to the order's; loyalty money counts like money."""
    order.refund_amount += plan_item.refund_amount
    order.discount_refund_amount += plan_item.discount_refund_amount
    order.shipping_refund_amount += plan_item.shipping_refund_amount
    reference = str(plan_item.request.uuid)
    is_credited = any(row.reference == reference for row in order.loyalty_transactions)
    if (
        plan_item.request.fully_refund_as_loyalty_money
        and plan_item.refund_amount
        and not is_credited
    ):
        order.loyalty_transactions.append(
            LoyaltyTransaction(
                user_pk=order.user_pk,
                user_email=order.user_email,
                amount=plan_item.refund_amount,
                reference=reference,
            )
        )
