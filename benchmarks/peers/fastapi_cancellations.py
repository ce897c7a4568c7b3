"""The FastAPI peer's cancellation request: the rows that Waybill writes, in one transaction."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID, uuid4

from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from benchmarks.peers.fastapi_schemas import CancellationDraft, CancellationRequestRecord
from benchmarks.peers.order_tables import (
    CancellationReason,
    CancellationRequest,
    Order,
    OrderItem,
)
from benchmarks.peers.other_tables import (
    AuditEntry,
    CancellationPlan,
    CancellationPlanItem,
    OutboxEvent,
    SellerOrder,
)
from benchmarks.peers.tables import User

_WAITING = "50"
_SELLERS_WAITING = 700


async def open_request(draft: CancellationDraft, db: AsyncSession, user: User) -> Any:
    """Create the request and commit it. Raises HTTPException where it is not allowed."""
    order, item = await _lock(draft.order_item, db, user)
    await _check(draft, item, db)
    record = await _Opening(db, user, order, item).run(draft)
    await db.commit()
    return record


async def _lock(item_pk: int, db: AsyncSession, user: User) -> tuple[Order, OrderItem]:
    """Lock the order and then its lines, and load their current state."""
    owner = select(OrderItem.order_id).where(OrderItem.id == item_pk).scalar_subquery()
    own = select(Order.id).where(Order.id == owner, Order.user_id == user.id)
    pk = (await db.scalars(own.with_for_update(key_share=True))).one_or_none()
    if pk is None:
        raise HTTPException(400, {"order_item": "There is no such item."})
    lines = select(OrderItem.id).where(OrderItem.order_id == pk).order_by(OrderItem.id)
    await db.execute(lines.with_for_update(key_share=True))
    items = selectinload(Order.orderitem_set)
    whole = select(Order).where(Order.id == pk).options(items.joinedload(OrderItem.product))
    order = (await db.scalars(whole)).one()
    return order, next(item for item in order.orderitem_set if item.id == item_pk)


async def _check(draft: CancellationDraft, item: OrderItem, db: AsyncSession) -> None:
    reason = await db.get(CancellationReason, draft.reason)
    if reason is None or reason.cancellation_type != draft.cancellation_type:
        raise HTTPException(400, {"reason": "There is no such reason."})
    if (draft.quantity or 1) > item.quantity:
        raise HTTPException(400, {"quantity": "That is more than what is left."})
    if not item.is_cancellable:
        raise HTTPException(406, {"non_field_errors": "The item can't be cancelled."})


class _Opening:
    """Stores one request with all its effects."""

    def __init__(self, db: AsyncSession, user: User, order: Order, item: OrderItem) -> None:
        self._db = db
        self._user = user
        self._order = order
        self._item = item
        self._now = datetime.now(UTC)

    async def run(self, draft: CancellationDraft) -> CancellationRequestRecord:
        item = self._item
        request = self._request(draft)
        self._db.add(request)
        self._note("cancellation_request", request.uuid, None, "open")
        self._note("order_item", item.uuid, item.status_code, _WAITING)
        self._change_order()
        await self._db.flush()
        self._announce(request, await self._plan(request))
        await self._follow()
        names = CancellationRequestRecord.model_fields
        shown = {name: getattr(request, name) for name in names}
        return CancellationRequestRecord.model_validate(
            shown | {"cancellation_type": request.cancellation_type_code}
        )

    def _request(self, draft: CancellationDraft) -> CancellationRequest:
        return CancellationRequest(
            uuid=uuid4(),
            order_item_id=self._item.id,
            reason_id=draft.reason,
            cancellation_type_code=draft.cancellation_type,
            status_code="open",
            description=draft.description,
            iban=draft.iban,
            holder_name=draft.holder_name,
            quantity=draft.quantity or self._item.quantity,
            fully_refund_as_loyalty_money=draft.fully_refund_as_loyalty_money,
            created_date=self._now,
            modified_date=self._now,
            easy_return=None,
        )

    def _change_order(self) -> None:
        item, order = self._item, self._order
        item.status_code, item.cancel_status = _WAITING, "waiting"
        item.is_cancellable, item.cancellable_quantity = False, 0
        item.modified_date = order.modified_date = self._now
        order.version += 1
        order.is_cancellable = any(item.is_cancellable for item in order.orderitem_set)

    async def _plan(self, request: CancellationRequest) -> Decimal:
        plan = await self._waiting_plan(request.cancellation_type_code)
        item = self._item
        units = Decimal(request.quantity or 0) / item.quantity
        refund, discount = (
            (amount * units).quantize(Decimal("0.01"), ROUND_HALF_UP)
            for amount in (item.discounted_price, item.discount_amount)
        )
        self._db.add(
            CancellationPlanItem(
                plan_id=plan.id,
                request_id=request.id,
                refund_amount=refund,
                discount_refund_amount=discount,
                shipping_refund_amount=Decimal(0),
            )
        )
        return refund

    async def _waiting_plan(self, plan_type: str) -> CancellationPlan:
        seller = self._item.datasource_id
        query = select(CancellationPlan).where(
            CancellationPlan.order_id == self._order.id,
            CancellationPlan.seller_id.is_not_distinct_from(seller),
            CancellationPlan.plan_type == plan_type,
            CancellationPlan.status == "waiting",
        )
        plan = (await self._db.scalars(query)).one_or_none()
        if plan is None:
            plan = CancellationPlan(
                uuid=uuid4(),
                order_id=self._order.id,
                seller_id=seller,
                plan_type=plan_type,
                status="waiting",
                payment_plan={},
                created_date=self._now,
                modified_date=self._now,
            )
            self._db.add(plan)
            self._note("cancellation_plan", plan.uuid, None, "waiting")
            await self._db.flush()
        return plan

    def _note(self, subject: str, uuid: UUID, from_state: str | None, to_state: str) -> None:
        self._db.add(
            AuditEntry(
                created_date=self._now,
                actor=f"user:{self._user.id}",
                subject=subject,
                subject_uuid=uuid,
                from_state=from_state,
                to_state=to_state,
            )
        )

    def _announce(self, request: CancellationRequest, refund: Decimal) -> None:
        request_payload = {
            "uuid": str(request.uuid),
            "cancellation_type": request.cancellation_type_code,
            "quantity": request.quantity,
            "product": self._item.product.name,
            "refund_amount": str(refund),
            "fully_refund_as_loyalty_money": bool(request.fully_refund_as_loyalty_money),
        }
        payload = {
            "email": self._order.user_email,
            "language": self._order.language_code,
            "order_number": self._order.number,
            "currency": self._order.currency_code,
            "requests": [request_payload],
        }
        self._db.add(
            OutboxEvent(
                uuid=uuid4(),
                kind="cancellation_received",
                payload=payload,
                status="pending",
                attempts=0,
                created_date=self._now,
                due_date=self._now,
            )
        )

    async def _follow(self) -> None:
        """Update the sellers' orders."""
        seller = self._item.datasource_id
        lines = [line for line in self._order.orderitem_set if line.datasource_id == seller]
        query = select(SellerOrder).where(SellerOrder.order_id == self._order.id)
        for row in await self._db.scalars(query):
            row.updated_at = self._now
            if row.seller_id == seller:
                row.cancel_status = "waiting"
                if all(line.status_code == _WAITING for line in lines):
                    row.status = _SELLERS_WAITING
