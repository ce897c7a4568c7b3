"""marshmallow schemas of the connexion peer."""

from typing import Any

from marshmallow import Schema, fields

_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


def moment() -> fields.DateTime:
    """A time in UTC, in the format of the API."""
    return fields.DateTime(format=_MOMENT)


def money() -> fields.Decimal:
    """An amount, in the format of the API."""
    return fields.Decimal(places=2, as_string=True)


class EnumValue(Schema):
    value = fields.String()
    label = fields.String()


class WithPk(Schema):
    pk = fields.Integer()
    id = fields.Integer()


class Location(WithPk):
    name = fields.String()
    is_active = fields.Boolean()
    translations = fields.Raw()
    country = fields.Integer()
    city = fields.Integer()
    township = fields.Integer()
    priority = fields.Integer()
    postcode = fields.String()


class CodedLocation(Location):
    code = fields.String()


class Address(WithPk):
    email = fields.String()
    phone_number = fields.String()
    first_name = fields.String()
    last_name = fields.String()
    country = fields.Nested(CodedLocation)
    city = fields.Nested(CodedLocation)
    line = fields.String()
    title = fields.String()
    township = fields.Nested(Location)
    district = fields.Nested(Location)
    postcode = fields.String()
    notes = fields.String()
    company_name = fields.String()
    tax_office = fields.String()
    tax_no = fields.String()
    e_bill_taxpayer = fields.Boolean()
    hash_data = fields.String()
    address_type = fields.Nested(EnumValue)
    retail_store = fields.Integer()
    remote_id = fields.String()
    identity_number = fields.String()
    extra_field = fields.Raw()
    user = fields.Integer()
    is_corporate = fields.Boolean()
    primary = fields.Boolean()


class PaymentOption(WithPk):
    name = fields.String()
    payment_type = fields.String()
    slug = fields.String()


class Bank(WithPk):
    name = fields.String()
    slug = fields.String()
    logo = fields.String()
    logo_path = fields.String()


class ShippingOptionGroup(WithPk):
    amount = money()
    shipping_option_name = fields.String()
    shipping_option_logo = fields.String()


class Product(WithPk):
    sku = fields.String()
    base_code = fields.String()
    name = fields.String()
    image = fields.String()
    absolute_url = fields.String()
    attributes = fields.Raw()
    attributes_kwargs = fields.Raw()
    form_schema = fields.Raw()
    data_source = fields.Integer()
    extra_attributes = fields.Raw()
    category = fields.Raw()
    attribute_set = fields.Raw()


class EasyReturnCompany(WithPk):
    shipping_company = fields.Nested(EnumValue)
    name = fields.String()
    requires_pickup_address = fields.Boolean()


class EasyReturn(Schema):
    shipping_company = fields.Nested(EnumValue)
    code = fields.String()
    start_date = moment()
    end_date = moment()
    status = fields.Nested(EnumValue)
    tracking_number = fields.String()
    tracking_url = fields.String()
    pickup_date = fields.Raw()


class RequestImage(WithPk):
    cancellation_request = fields.Integer()
    image = fields.String()
    description = fields.String()
    is_uploaded_by_user = fields.Boolean()
    created_date = moment()
    modified_date = moment()


class CancellationRequest(WithPk):
    uuid = fields.UUID()
    order_item = fields.Integer()
    reason = fields.Integer()
    cancellation_type = fields.Nested(EnumValue)
    status = fields.Nested(EnumValue)
    description = fields.String()
    iban = fields.String()
    holder_name = fields.String()
    easy_return = fields.Nested(EasyReturn)
    quantity = fields.Integer()
    fully_refund_as_loyalty_money = fields.Boolean()
    cancellation_request_image_set = fields.List(fields.Nested(RequestImage))
    created_date = moment()
    modified_date = moment()


class Datasource(Schema):
    pk = fields.Integer()
    name = fields.String()


class OrderItem(WithPk):
    product = fields.Nested(Product)
    order = fields.Integer()
    price = money()
    tax_rate = money()
    retail_price = money()
    discount_amount = money()
    discounted_price = money()
    status = fields.Nested(EnumValue)
    price_currency = fields.Nested(EnumValue)
    is_cancelled = fields.Boolean()
    is_cancellable = fields.Boolean()
    is_refundable = fields.Boolean()
    is_tradable = fields.Boolean()
    tracking_url = fields.String()
    tracking_number = fields.String()
    invoice_number = fields.String()
    invoice_date = moment()
    e_archive_url = fields.String()
    shipping_company = fields.Nested(EnumValue)
    shipping_option_group = fields.Nested(ShippingOptionGroup)
    estimated_delivery_date = fields.Date()
    shipped_date = moment()
    delivered_date = moment()
    image = fields.String()
    attributes = fields.Raw()
    attributes_kwargs = fields.Raw()
    extra_field = fields.Raw()
    cancellationrequest_set = fields.List(fields.Nested(CancellationRequest))
    active_cancellation_request = fields.Nested(CancellationRequest)
    available_easy_return_shipping_companies = fields.List(fields.Nested(EasyReturnCompany))
    datasource_detailed = fields.Nested(Datasource)
    extra_product_stock_detailed = fields.Raw()
    extra_product_price_detailed = fields.Raw()
    quantity = fields.Integer()
    cancellable_quantity = fields.Integer()
    refundable_quantity = fields.Integer()
    unit_price = money()
    total_amount = money()
    created_date = moment()
    modified_date = moment()
    localized_attributes = fields.Raw()
    localized_attributes_kwargs = fields.Raw()
    defined_tracking_url = fields.String()
    shipping_tracking_url = fields.String()
    parent = fields.Integer()
    extra_product_price = fields.Integer()
    extra_product_stock = fields.Integer()
    datasource = fields.Integer()


class DiscountItem(WithPk):
    order = fields.Integer()
    name = fields.String()
    code = fields.String()
    amount = money()
    cancel_amount = money()
    created_date = moment()
    order_number = fields.String()
    currency = fields.Nested(EnumValue)


class LoyaltyTransaction(WithPk):
    uuid = fields.UUID()
    amount = money()
    order = fields.Integer()
    user = fields.Integer()
    user_email = fields.String()
    reference = fields.String()


class Order(WithPk):
    number = fields.String()
    status = fields.Nested(EnumValue)
    currency = fields.Nested(EnumValue)
    amount = money()
    discount_amount = money()
    amount_without_discount = money()
    shipping_amount = money()
    shipping_tax_rate = money()
    refund_amount = money()
    discount_refund_amount = money()
    shipping_refund_amount = money()
    is_cancelled = fields.Boolean()
    is_cancellable = fields.Boolean()
    is_refundable = fields.Boolean()
    is_payable = fields.Boolean()
    tracking_url = fields.String()
    tracking_number = fields.String()
    invoice_number = fields.String()
    invoice_date = moment()
    e_archive_url = fields.String()
    order_type = fields.Nested(EnumValue)
    user_email = fields.String()
    has_gift_box = fields.Boolean()
    gift_box_note = fields.String()
    notes = fields.String()
    installment_count = fields.Integer()
    installment_interest_amount = money()
    bin_number = fields.String()
    created_date = moment()
    modified_date = moment()
    shipping_address = fields.Nested(Address)
    billing_address = fields.Nested(Address)
    shipping_company = fields.Nested(EnumValue)
    client_type = fields.Nested(EnumValue)
    payment_option = fields.Nested(PaymentOption)
    bank = fields.Nested(Bank)
    extra_field = fields.Raw()
    orderitem_set = fields.List(fields.Nested(OrderItem))
    discountitem_set = fields.List(fields.Nested(DiscountItem))
    loyaltytransaction_set = fields.List(fields.Nested(LoyaltyTransaction))
    remote_addr = fields.String()
    language_code = fields.String()
    delivery_range = moment()
    defined_tracking_url = fields.String()
    shipping_tracking_url = fields.String()
    shipping_option_slug = fields.String()
    payment_option_slug = fields.String()
    user = fields.Integer()
    basket = fields.Integer()
    shipping_option = fields.Integer()
    card = fields.Integer()
    installment = fields.Integer()
    segment = fields.Integer()
    checkout_provider = fields.String()


class OldOrderItem(WithPk):
    product = fields.String()
    sku = fields.String()
    quantity = fields.Integer()
    price = money()
    image = fields.String()
    image_url = fields.String()
    extra_field = fields.Raw()


class OldOrder(WithPk):
    number = fields.String()
    user_email = fields.String()
    status = fields.String()
    created_date = moment()
    amount = money()
    discount_amount = money()
    currency = fields.Nested(EnumValue)
    payment_type = fields.String()
    bank = fields.String()
    installment_count = fields.Integer()
    tracking_number = fields.String()
    shipping_company = fields.Nested(EnumValue)
    shipping_address = fields.String()
    billing_address = fields.String()
    extra_field = fields.Raw()
    oldorderitem_set = fields.List(fields.Nested(OldOrderItem))
    user = fields.Integer()


class SellerOrder(Schema):
    id = fields.UUID()
    number = fields.String()
    datasource = fields.UUID()
    shipping_address = fields.UUID()
    billing_address = fields.UUID()
    date_placed = moment()
    status = fields.Integer()
    currency = fields.String()
    amount = money()
    discount_amount = money()
    shipping_amount = money()
    shipping_tax_rate = money()
    refund_amount = money()
    discount_refund_amount = money()
    shipping_refund_amount = money()
    invoice_number = fields.String()
    invoice_date = moment()
    e_archive_url = fields.String()
    tracking_number = fields.String()
    shipping_company = fields.String()
    cargo_company = fields.String()
    has_gift_box = fields.Boolean()
    gift_box_note = fields.String()
    language_code = fields.String()
    notes = fields.String()
    delivery_range = moment()
    shipping_option_slug = fields.String()
    extra_field = fields.Raw()
    cancel_status = fields.String()
    shipping_interest_amount = money()
    created_at = moment()
    updated_at = moment()


def page_of(schema: Schema, page: dict[str, Any]) -> dict[str, Any]:
    """The page with serialized results."""
    return page | {"results": schema.dump(page["results"], many=True)}
