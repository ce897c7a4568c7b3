"""Order items of sellers, and the rejection of those that they can not deliver."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.cancellations.imported_plans import plan_imported_requests
from domain.cancellations.reasons import ReasonWork, seller_rejection
from domain.cancellations.refunds import grant_refund, planned_requests
from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem
from domain.orders.cancellations import CancellationRequest, CancellationType, CancelStatus
from domain.orders.order_emails import enqueue_request_email
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order, OrderWork
from domain.orders.state_changes import audited
from domain.orders.states import OrderState
from domain.outbox import OutboxKind, OutboxWork
from domain.seller_center.lists import SellerQuery, SellerRows, Sort, list_rows
from domain.sellers.callers import SellerCaller
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.money import Currency
from domain.shared.paging import CursorPage, DocumentPage

_NEWEST_FIRST = Sort("created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerOrderItemView:
    """One line (seller center document, Order Items, schema).

    Money in minor units of ``price_currency``, ``price`` for the whole line, ``tax_rate`` in
    hundredths of a percent, ``status`` a seller code. ``order`` is the id of the
    seller's order, ``datasource`` that of the seller.
    """

    id: UUID
    order: UUID
    datasource: UUID
    sku: str
    status: int
    price_currency: Currency
    price: int
    tax_rate: int
    invoice_number: str | None
    invoice_date: datetime | None
    e_archive_url: str | None
    tracking_number: str | None
    shipping_company: str | None
    retail_price: int | None
    extra_field: Mapping[str, Any]
    estimated_delivery_date: datetime | None
    discount_amount: int
    shipped_date: datetime | None
    delivered_date: datetime | None
    cancel_status: CancelStatus | None
    quantity: int
    created_at: datetime
    updated_at: datetime


class SellerOrderItemWork(OrderWork, ReasonWork, OutboxWork, Protocol):
    """A unit of work on a seller's order items."""

    @property
    def seller_order_items(self) -> SellerRows: ...


def list_seller_order_items(
    caller: SellerCaller, query: SellerQuery, language: str, uow: SellerOrderItemWork
) -> DocumentPage | CursorPage[bytes]:
    """Return the caller's order items, newest first by default.

    Raises as ``list_rows`` does.
    """
    return list_rows(caller, query, _NEWEST_FIRST, language, uow.seller_order_items)


def reject_seller_order_item(
    caller: SellerCaller, item_uuid: UUID, reason: str | None, uow: SellerOrderItemWork
) -> None:
    """Reject a line that its seller can not deliver, without a commit.

    (Seller center document, Reject.) A line can be rejected until it is packaged; a second
    rejection changes nothing. Open requests for it are approved. The other units get a request and
    an approved plan of their own, which the operator completes like any other. The shopper gets an
    e-mail. Raises NotFound for an unknown line and for another seller's, and InvalidInput for one
    that is packaged, shipped, delivered or closed.
    """
    order = uow.orders.lock_by_seller(item_uuid, caller.seller_pk)
    if order is None:
        raise NotFound
    item = next((item for item in order.items if _is_own(item, item_uuid, caller)), None)
    if item is None:  # an import has changed it before the order was locked
        raise NotFound
    if item.state is OrderState.REJECTED:
        return
    if not item.is_rejectable:
        raise InvalidInput("This order item can not be rejected.", code="item_not_rejectable")
    # Before the order is changed, because this query flushes changes.
    reason_pk = uow.cancellation_reasons.ensure(seller_rejection(uow.now)).pk
    with audited([order], caller.actor, uow, reason):
        plan_imported_requests(order)
        opened = [request for request in item.cancellation_requests if request.is_open]
        approved = [_approve(order, item, request, uow.now) for request in opened]
        if item.available_quantity:
            remaining = _request_remaining(order, item, reason_pk, reason, uow.now)
            approved.append(_approve(order, item, remaining, uow.now))
        item.reject(uow.now)
        order.refresh_state(uow.now)
    enqueue_request_email(
        OutboxKind.ITEM_REJECTED, order, [(item, plan_item) for plan_item in approved], uow
    )


def _is_own(item: OrderItem, uuid: UUID, caller: SellerCaller) -> bool:
    return item.uuid == uuid and item.seller is not None and item.seller.pk == caller.seller_pk


def _request_remaining(
    order: Order, item: OrderItem, reason_pk: int, reason: str | None, now: datetime
) -> CancellationRequest:
    """Open a request for the available units, in a plan of its own."""
    request = CancellationRequest(
        reason_pk=reason_pk,
        cancellation_type=CancellationType.CANCEL,
        quantity=item.available_quantity,
        description=reason,
        created_date=now,
        modified_date=now,
    )
    item.open_request(request)
    plan = CancellationPlan(
        seller=item.seller,
        plan_type=request.cancellation_type,
        created_date=now,
        modified_date=now,
        items=[CancellationPlanItem(request=request)],
    )
    order.cancellation_plans.append(plan)
    return request


def _approve(
    order: Order, item: OrderItem, request: CancellationRequest, now: datetime
) -> CancellationPlanItem:
    plan, plan_item = planned_requests(order)[request]
    item.approve_request(request, now)
    grant_refund(order, item, plan_item)
    plan.refresh_status(now)
    return plan_item
