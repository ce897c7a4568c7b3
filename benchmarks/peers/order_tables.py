"""The tables of orders and their parts; referenced tables are in tables.py."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benchmarks.peers.labels import named
from benchmarks.peers.tables import (
    Address,
    Bank,
    Base,
    EasyReturnCompany,
    PaymentOption,
    Product,
    Seller,
    ShippingCompany,
    ShippingOptionGroup,
    WithId,
    foreign_key,
    item_easy_return_companies,
)


class EasyReturn(Base):
    __tablename__ = "easy_returns"
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = foreign_key("cancellation_requests.id", unique=True)
    shipping_company_id: Mapped[str] = foreign_key("shipping_companies.value", index=True)
    code: Mapped[str]
    start_date: Mapped[datetime | None]
    end_date: Mapped[datetime | None]
    status_code: Mapped[str]
    tracking_number: Mapped[str | None]
    tracking_url: Mapped[str | None]
    pickup_date: Mapped[dict[str, Any] | None]
    shipping_company: Mapped[ShippingCompany] = relationship()

    @property
    def status(self) -> dict[str, str]:
        return named("easy_return_status", self.status_code)


class RequestImage(WithId, Base):
    __tablename__ = "request_images"
    cancellation_request: Mapped[int] = foreign_key("cancellation_requests.id", index=True)
    image: Mapped[str]
    description: Mapped[str | None]
    is_uploaded_by_user: Mapped[bool]
    created_date: Mapped[datetime]
    modified_date: Mapped[datetime]


class CancellationReason(WithId, Base):
    __tablename__ = "cancellation_reasons"
    cancellation_type: Mapped[str]
    extra_information_needed: Mapped[bool]
    is_active: Mapped[bool]


class CancellationRequest(WithId, Base):
    __tablename__ = "cancellation_requests"
    uuid: Mapped[UUID] = mapped_column(unique=True)
    order_item_id: Mapped[int] = foreign_key("order_items.id", index=True)
    reason_id: Mapped[int] = foreign_key("cancellation_reasons.id", index=True)
    cancellation_type_code: Mapped[str]
    status_code: Mapped[str]
    description: Mapped[str | None]
    iban: Mapped[str | None]
    holder_name: Mapped[str | None]
    quantity: Mapped[int | None]
    fully_refund_as_loyalty_money: Mapped[bool | None]
    created_date: Mapped[datetime]
    modified_date: Mapped[datetime]
    easy_return: Mapped[EasyReturn | None] = relationship()
    cancellation_request_image_set: Mapped[list[RequestImage]] = relationship(
        order_by=RequestImage.id
    )
    __table_args__ = (
        Index(
            "one_open_request",
            "order_item_id",
            "cancellation_type_code",
            unique=True,
            postgresql_where="status_code = 'open'",
        ),
    )

    @property
    def order_item(self) -> int:
        return self.order_item_id

    @property
    def reason(self) -> int:
        return self.reason_id

    @property
    def cancellation_type(self) -> dict[str, str]:
        return named("cancellation_type", self.cancellation_type_code)

    @property
    def status(self) -> dict[str, str]:
        return named("cancellation_status", self.status_code)


class OrderItem(WithId, Base):
    __tablename__ = "order_items"
    uuid: Mapped[UUID]
    order_id: Mapped[int] = foreign_key("orders.id", index=True)
    product_id: Mapped[int] = foreign_key("products.id", index=True)
    datasource_id: Mapped[int | None] = foreign_key("sellers.id", index=True)
    shipping_company_id: Mapped[str | None] = foreign_key("shipping_companies.value", index=True)
    shipping_option_group_id: Mapped[int | None] = foreign_key(
        "shipping_option_groups.id", index=True
    )
    price: Mapped[Decimal]
    tax_rate: Mapped[Decimal]
    retail_price: Mapped[Decimal | None]
    discount_amount: Mapped[Decimal]
    discounted_price: Mapped[Decimal]
    status_code: Mapped[str]
    currency_code: Mapped[str]
    cancel_status: Mapped[str | None]
    is_cancelled: Mapped[bool]
    is_cancellable: Mapped[bool]
    is_refundable: Mapped[bool]
    is_tradable: Mapped[bool]
    tracking_url: Mapped[str | None]
    tracking_number: Mapped[str | None]
    invoice_number: Mapped[str | None]
    invoice_date: Mapped[datetime | None]
    e_archive_url: Mapped[str | None]
    estimated_delivery_date: Mapped[date | None]
    shipped_date: Mapped[datetime | None]
    delivered_date: Mapped[datetime | None]
    image: Mapped[str | None]
    attributes: Mapped[dict[str, Any]]
    attributes_kwargs: Mapped[dict[str, Any]]
    extra_field: Mapped[dict[str, Any]]
    extra_product_stock_detailed: Mapped[dict[str, Any] | None]
    extra_product_price_detailed: Mapped[dict[str, Any] | None]
    quantity: Mapped[int]
    cancellable_quantity: Mapped[int]
    refundable_quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    total_amount: Mapped[Decimal]
    created_date: Mapped[datetime]
    modified_date: Mapped[datetime]
    localized_attributes: Mapped[dict[str, Any]]
    localized_attributes_kwargs: Mapped[dict[str, Any]]
    defined_tracking_url: Mapped[str | None]
    shipping_tracking_url: Mapped[str | None]
    parent: Mapped[int | None]
    extra_product_price: Mapped[int | None]
    extra_product_stock: Mapped[int | None]
    product: Mapped[Product] = relationship()
    datasource_detailed: Mapped[Seller | None] = relationship()
    shipping_company: Mapped[ShippingCompany | None] = relationship()
    shipping_option_group: Mapped[ShippingOptionGroup | None] = relationship()
    cancellationrequest_set: Mapped[list[CancellationRequest]] = relationship(
        order_by=CancellationRequest.id
    )
    available_easy_return_shipping_companies: Mapped[list[EasyReturnCompany]] = relationship(
        secondary=item_easy_return_companies, order_by=EasyReturnCompany.id
    )

    @property
    def order(self) -> int:
        return self.order_id

    @property
    def datasource(self) -> int | None:
        return self.datasource_id

    @property
    def status(self) -> dict[str, str]:
        return named("status", self.status_code)

    @property
    def price_currency(self) -> dict[str, str]:
        return named("currency", self.currency_code)

    @property
    def active_cancellation_request(self) -> CancellationRequest | None:
        active = [
            request
            for request in self.cancellationrequest_set
            if request.status_code in {"open", "approved"}
        ]
        return max(active, key=lambda request: (request.created_date, request.id), default=None)


class DiscountItem(WithId, Base):
    __tablename__ = "discount_items"
    order_id: Mapped[int] = foreign_key("orders.id", index=True)
    name: Mapped[str]
    code: Mapped[str | None]
    amount: Mapped[Decimal]
    cancel_amount: Mapped[Decimal]
    created_date: Mapped[datetime]
    order_number: Mapped[str]
    currency_code: Mapped[str]

    @property
    def order(self) -> int:
        return self.order_id

    @property
    def currency(self) -> dict[str, str]:
        return named("currency", self.currency_code)


class LoyaltyTransaction(WithId, Base):
    __tablename__ = "loyalty_transactions"
    uuid: Mapped[UUID]
    amount: Mapped[Decimal]
    order: Mapped[int] = foreign_key("orders.id", index=True)
    user: Mapped[int] = foreign_key("users.id", index=True)
    user_email: Mapped[str]
    reference: Mapped[str]


class Order(WithId, Base):
    __tablename__ = "orders"
    uuid: Mapped[UUID]
    number: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    version: Mapped[int]
    user_id: Mapped[int] = foreign_key("users.id")
    status_code: Mapped[str]
    currency_code: Mapped[str]
    order_type_code: Mapped[str]
    client_type_code: Mapped[str]
    amount: Mapped[Decimal]
    discount_amount: Mapped[Decimal]
    amount_without_discount: Mapped[Decimal]
    shipping_amount: Mapped[Decimal]
    shipping_tax_rate: Mapped[Decimal | None]
    refund_amount: Mapped[Decimal]
    discount_refund_amount: Mapped[Decimal]
    shipping_refund_amount: Mapped[Decimal]
    is_cancelled: Mapped[bool]
    is_cancellable: Mapped[bool]
    is_refundable: Mapped[bool]
    is_payable: Mapped[bool]
    tracking_url: Mapped[str | None]
    tracking_number: Mapped[str | None]
    invoice_number: Mapped[str | None]
    invoice_date: Mapped[datetime | None]
    e_archive_url: Mapped[str | None]
    user_email: Mapped[str]
    has_gift_box: Mapped[bool | None]
    gift_box_note: Mapped[str | None]
    notes: Mapped[str | None]
    installment_count: Mapped[int]
    installment_interest_amount: Mapped[Decimal]
    bin_number: Mapped[str | None]
    created_date: Mapped[datetime]
    modified_date: Mapped[datetime]
    extra_field: Mapped[dict[str, Any]]
    remote_addr: Mapped[str | None]
    language_code: Mapped[str | None]
    delivery_range: Mapped[datetime | None]
    defined_tracking_url: Mapped[str | None]
    shipping_tracking_url: Mapped[str | None]
    shipping_option_slug: Mapped[str | None]
    payment_option_slug: Mapped[str | None]
    basket: Mapped[int | None]
    shipping_option: Mapped[int | None]
    card: Mapped[int | None]
    installment: Mapped[int | None]
    segment: Mapped[int | None]
    checkout_provider: Mapped[str | None]
    shipping_address_id: Mapped[int] = foreign_key("addresses.id", index=True)
    billing_address_id: Mapped[int] = foreign_key("addresses.id", index=True)
    shipping_company_id: Mapped[str | None] = foreign_key("shipping_companies.value", index=True)
    payment_option_id: Mapped[int] = foreign_key("payment_options.id", index=True)
    bank_id: Mapped[int | None] = foreign_key("banks.id", index=True)
    shipping_address: Mapped[Address] = relationship(foreign_keys=[shipping_address_id])
    billing_address: Mapped[Address] = relationship(foreign_keys=[billing_address_id])
    shipping_company: Mapped[ShippingCompany | None] = relationship()
    payment_option: Mapped[PaymentOption] = relationship()
    bank: Mapped[Bank | None] = relationship()
    orderitem_set: Mapped[list[OrderItem]] = relationship(order_by=OrderItem.id)
    discountitem_set: Mapped[list[DiscountItem]] = relationship(order_by=DiscountItem.id)
    loyaltytransaction_set: Mapped[list[LoyaltyTransaction]] = relationship(
        order_by=LoyaltyTransaction.id
    )
    __table_args__ = (Index("newest_of_user", "user_id", "created_date", "id"),)

    @property
    def user(self) -> int:
        return self.user_id

    @property
    def status(self) -> dict[str, str]:
        return named("status", self.status_code)

    @property
    def currency(self) -> dict[str, str]:
        return named("currency", self.currency_code)

    @property
    def order_type(self) -> dict[str, str]:
        return named("order_type", self.order_type_code)

    @property
    def client_type(self) -> dict[str, str]:
        return named("client_type", self.client_type_code)
