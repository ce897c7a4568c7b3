"""The tables of archived orders, sellers' orders, plans, audit entries and events."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benchmarks.peers.labels import named
from benchmarks.peers.tables import Base, ShippingCompany, WithId, foreign_key


class OldOrderItem(WithId, Base):
    __tablename__ = "old_order_items"
    old_order_id: Mapped[int] = foreign_key("old_orders.id", index=True)
    product: Mapped[str]
    sku: Mapped[str | None]
    quantity: Mapped[int]
    price: Mapped[Decimal]
    image: Mapped[str | None]
    image_url: Mapped[str | None]
    extra_field: Mapped[dict[str, Any]]


class OldOrder(WithId, Base):
    __tablename__ = "old_orders"
    number: Mapped[str]
    user_id: Mapped[int] = foreign_key("users.id")
    user_email: Mapped[str]
    status: Mapped[str | None]
    created_date: Mapped[datetime]
    amount: Mapped[Decimal]
    discount_amount: Mapped[Decimal]
    currency_code: Mapped[str]
    payment_type: Mapped[str | None]
    bank: Mapped[str | None]
    installment_count: Mapped[int | None]
    tracking_number: Mapped[str | None]
    shipping_company_id: Mapped[str | None] = foreign_key("shipping_companies.value", index=True)
    shipping_address: Mapped[str | None]
    billing_address: Mapped[str | None]
    extra_field: Mapped[dict[str, Any]]
    shipping_company: Mapped[ShippingCompany | None] = relationship()
    oldorderitem_set: Mapped[list[OldOrderItem]] = relationship(order_by=OldOrderItem.id)
    __table_args__ = (Index("newest_old_of_user", "user_id", "created_date", "id"),)

    @property
    def user(self) -> int:
        return self.user_id

    @property
    def currency(self) -> dict[str, str]:
        return named("currency", self.currency_code)


class SellerOrder(Base):
    """A seller's view of an order in one row, without joins."""

    __tablename__ = "seller_orders"
    row: Mapped[int] = mapped_column(primary_key=True)
    seller_id: Mapped[int] = foreign_key("sellers.id")
    order_id: Mapped[int] = foreign_key("orders.id", index=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    number: Mapped[str]
    datasource: Mapped[UUID]
    shipping_address: Mapped[UUID]
    billing_address: Mapped[UUID]
    date_placed: Mapped[datetime]
    status: Mapped[int]
    currency: Mapped[str]
    amount: Mapped[Decimal]
    discount_amount: Mapped[Decimal]
    shipping_amount: Mapped[Decimal]
    shipping_tax_rate: Mapped[Decimal | None]
    refund_amount: Mapped[Decimal]
    discount_refund_amount: Mapped[Decimal]
    shipping_refund_amount: Mapped[Decimal]
    invoice_number: Mapped[str | None]
    invoice_date: Mapped[datetime | None]
    e_archive_url: Mapped[str | None]
    tracking_number: Mapped[str | None]
    shipping_company: Mapped[str | None]
    cargo_company: Mapped[str | None]
    has_gift_box: Mapped[bool | None]
    gift_box_note: Mapped[str | None]
    language_code: Mapped[str | None]
    notes: Mapped[str | None]
    delivery_range: Mapped[datetime | None]
    shipping_option_slug: Mapped[str | None]
    extra_field: Mapped[dict[str, Any]]
    cancel_status: Mapped[str | None]
    shipping_interest_amount: Mapped[Decimal]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (
        Index("newest", "seller_id", "date_placed", "row"),
        Index("newest_by_status", "seller_id", "status", "date_placed", "row"),
        Index("by_amount", "seller_id", "amount"),
    )


class CancellationPlan(Base):
    __tablename__ = "cancellation_plans"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID]
    order_id: Mapped[int] = foreign_key("orders.id", index=True)
    seller_id: Mapped[int | None] = foreign_key("sellers.id", index=True)
    plan_type: Mapped[str]
    status: Mapped[str]
    payment_plan: Mapped[dict[str, Any]]
    created_date: Mapped[datetime]
    modified_date: Mapped[datetime]


class CancellationPlanItem(Base):
    __tablename__ = "cancellation_plan_items"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = foreign_key("cancellation_plans.id", index=True)
    request_id: Mapped[int] = foreign_key("cancellation_requests.id", unique=True)
    refund_amount: Mapped[Decimal]
    discount_refund_amount: Mapped[Decimal]
    shipping_refund_amount: Mapped[Decimal]


class AuditEntry(Base):
    __tablename__ = "audit_entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_date: Mapped[datetime]
    actor: Mapped[str]
    subject: Mapped[str]
    subject_uuid: Mapped[UUID] = mapped_column(index=True)
    from_state: Mapped[str | None]
    to_state: Mapped[str]


class OutboxEvent(Base):
    __tablename__ = "outbox_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    status: Mapped[str]
    attempts: Mapped[int]
    created_date: Mapped[datetime]
    due_date: Mapped[datetime]
    __table_args__ = (Index("due", "status", "due_date", "id"),)
