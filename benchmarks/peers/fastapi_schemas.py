"""Response models of the FastAPI peer."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Schema(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class WithPk(Schema):
    pk: int
    id: int


class EnumValue(Schema):
    value: str
    label: str


class Location(WithPk):
    name: str
    is_active: bool
    translations: dict[str, Any] | None
    country: int | None
    city: int | None
    township: int | None
    priority: int | None
    postcode: str | None


class CodedLocation(Location):
    code: str


class Address(WithPk):
    email: str
    phone_number: str
    first_name: str
    last_name: str
    country: CodedLocation
    city: CodedLocation
    line: str
    title: str
    township: Location
    district: Location
    postcode: str
    notes: str | None
    company_name: str | None
    tax_office: str | None
    tax_no: str | None
    e_bill_taxpayer: bool | None
    hash_data: str
    address_type: EnumValue
    retail_store: int | None
    remote_id: str | None
    identity_number: str | None
    extra_field: dict[str, Any] | None
    user: int
    is_corporate: bool
    primary: bool


class PaymentOption(WithPk):
    name: str
    payment_type: str
    slug: str


class Bank(WithPk):
    name: str
    slug: str
    logo: str | None
    logo_path: str | None


class ShippingOptionGroup(WithPk):
    amount: Decimal
    shipping_option_name: str
    shipping_option_logo: str | None


class Product(WithPk):
    sku: str
    base_code: str
    name: str
    image: str | None
    absolute_url: str
    attributes: dict[str, Any]
    attributes_kwargs: dict[str, Any]
    form_schema: list[Any]
    data_source: int | None
    extra_attributes: dict[str, Any]
    category: dict[str, Any]
    attribute_set: list[Any]


class EasyReturnCompany(WithPk):
    shipping_company: EnumValue
    name: str
    requires_pickup_address: bool


class EasyReturn(Schema):
    shipping_company: EnumValue
    code: str
    start_date: datetime | None
    end_date: datetime | None
    status: EnumValue
    tracking_number: str | None
    tracking_url: str | None
    pickup_date: dict[str, Any] | None


class RequestImage(WithPk):
    cancellation_request: int
    image: str
    description: str | None
    is_uploaded_by_user: bool
    created_date: datetime
    modified_date: datetime


class RequestBase(WithPk):
    uuid: UUID
    order_item: int
    reason: int
    status: EnumValue
    description: str | None
    iban: str | None
    holder_name: str | None
    easy_return: EasyReturn | None
    quantity: int | None
    fully_refund_as_loyalty_money: bool | None
    created_date: datetime
    modified_date: datetime


class CancellationRequest(RequestBase):
    cancellation_type: EnumValue
    cancellation_request_image_set: list[RequestImage]


class CancellationRequestRecord(RequestBase):
    cancellation_type: str


class Datasource(Schema):
    pk: int
    name: str


class OrderItem(WithPk):
    product: Product
    order: int
    price: Decimal
    tax_rate: Decimal
    retail_price: Decimal | None
    discount_amount: Decimal
    discounted_price: Decimal
    status: EnumValue
    price_currency: EnumValue
    is_cancelled: bool
    is_cancellable: bool
    is_refundable: bool
    is_tradable: bool
    tracking_url: str | None
    tracking_number: str | None
    invoice_number: str | None
    invoice_date: datetime | None
    e_archive_url: str | None
    shipping_company: EnumValue | None
    shipping_option_group: ShippingOptionGroup | None
    estimated_delivery_date: date | None
    shipped_date: datetime | None
    delivered_date: datetime | None
    image: str | None
    attributes: dict[str, Any]
    attributes_kwargs: dict[str, Any]
    extra_field: dict[str, Any]
    cancellationrequest_set: list[CancellationRequest]
    active_cancellation_request: CancellationRequest | None
    available_easy_return_shipping_companies: list[EasyReturnCompany]
    datasource_detailed: Datasource | None
    extra_product_stock_detailed: dict[str, Any] | None
    extra_product_price_detailed: dict[str, Any] | None
    quantity: int
    cancellable_quantity: int
    refundable_quantity: int
    unit_price: Decimal
    total_amount: Decimal
    created_date: datetime
    modified_date: datetime
    localized_attributes: dict[str, Any]
    localized_attributes_kwargs: dict[str, Any]
    defined_tracking_url: str | None
    shipping_tracking_url: str | None
    parent: int | None
    extra_product_price: int | None
    extra_product_stock: int | None
    datasource: int | None


class DiscountItem(WithPk):
    order: int
    name: str
    code: str | None
    amount: Decimal
    cancel_amount: Decimal
    created_date: datetime
    order_number: str
    currency: EnumValue


class LoyaltyTransaction(WithPk):
    uuid: UUID
    amount: Decimal
    order: int
    user: int
    user_email: str
    reference: str


class Order(WithPk):
    number: str
    status: EnumValue
    currency: EnumValue
    amount: Decimal
    discount_amount: Decimal
    amount_without_discount: Decimal
    shipping_amount: Decimal
    shipping_tax_rate: Decimal | None
    refund_amount: Decimal
    discount_refund_amount: Decimal
    shipping_refund_amount: Decimal
    is_cancelled: bool
    is_cancellable: bool
    is_refundable: bool
    is_payable: bool
    tracking_url: str | None
    tracking_number: str | None
    invoice_number: str | None
    invoice_date: datetime | None
    e_archive_url: str | None
    order_type: EnumValue
    user_email: str
    has_gift_box: bool | None
    gift_box_note: str | None
    notes: str | None
    installment_count: int
    installment_interest_amount: Decimal
    bin_number: str | None
    created_date: datetime
    modified_date: datetime
    shipping_address: Address
    billing_address: Address
    shipping_company: EnumValue | None
    client_type: EnumValue
    payment_option: PaymentOption
    bank: Bank | None
    extra_field: dict[str, Any]
    orderitem_set: list[OrderItem]
    discountitem_set: list[DiscountItem]
    loyaltytransaction_set: list[LoyaltyTransaction]
    remote_addr: str | None
    language_code: str | None
    delivery_range: datetime | None
    defined_tracking_url: str | None
    shipping_tracking_url: str | None
    shipping_option_slug: str | None
    payment_option_slug: str | None
    user: int
    basket: int | None
    shipping_option: int | None
    card: int | None
    installment: int | None
    segment: int | None
    checkout_provider: str | None


class OldOrderItem(WithPk):
    product: str
    sku: str | None
    quantity: int
    price: Decimal
    image: str | None
    image_url: str | None
    extra_field: dict[str, Any]


class OldOrder(WithPk):
    number: str
    user_email: str
    status: str | None
    created_date: datetime
    amount: Decimal
    discount_amount: Decimal
    currency: EnumValue
    payment_type: str | None
    bank: str | None
    installment_count: int | None
    tracking_number: str | None
    shipping_company: EnumValue | None
    shipping_address: str | None
    billing_address: str | None
    extra_field: dict[str, Any]
    oldorderitem_set: list[OldOrderItem]
    user: int


class SellerOrder(Schema):
    id: UUID
    number: str
    datasource: UUID
    shipping_address: UUID
    billing_address: UUID
    date_placed: datetime
    status: int
    currency: str
    amount: Decimal
    discount_amount: Decimal
    shipping_amount: Decimal
    shipping_tax_rate: Decimal | None
    refund_amount: Decimal
    discount_refund_amount: Decimal
    shipping_refund_amount: Decimal
    invoice_number: str | None
    invoice_date: datetime | None
    e_archive_url: str | None
    tracking_number: str | None
    shipping_company: str | None
    cargo_company: str | None
    has_gift_box: bool | None
    gift_box_note: str | None
    language_code: str | None
    notes: str | None
    delivery_range: datetime | None
    shipping_option_slug: str | None
    extra_field: dict[str, Any]
    cancel_status: str | None
    shipping_interest_amount: Decimal
    created_at: datetime
    updated_at: datetime


class Page(Schema):
    count: int
    next: str | None
    previous: str | None


class OrderPage(Page):
    results: list[Order]


class OldOrderPage(Page):
    results: list[OldOrder]


class SellerOrderPage(Page):
    results: list[SellerOrder]


class CancellationDraft(BaseModel):
    order_item: int
    reason: int
    cancellation_type: str
    quantity: int | None = None
    description: str | None = None
    iban: str | None = None
    holder_name: str | None = None
    fully_refund_as_loyalty_money: bool | None = None


class SellerFilters(BaseModel):
    limit: int = Field(20, ge=1, le=500)
    page: int = Field(1, ge=1)
    status: int | None = None
    amount__gte: Decimal | None = None
    date_placed__gte: datetime | None = None
