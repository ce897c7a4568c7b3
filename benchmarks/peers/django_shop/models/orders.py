"""Orders and their parts."""

from django.db import models

from benchmarks.peers.django_shop.models.named import (
    Address,
    Bank,
    EasyReturnCompany,
    PaymentOption,
    Product,
    Seller,
    ShippingCompany,
    ShippingOptionGroup,
    User,
)


class EasyReturn(models.Model):
    request = models.OneToOneField(
        "CancellationRequest", models.CASCADE, related_name="easy_return"
    )
    shipping_company = models.ForeignKey(ShippingCompany, models.CASCADE, related_name="+")
    code = models.TextField()
    start_date = models.DateTimeField(null=True)
    end_date = models.DateTimeField(null=True)
    status_code = models.TextField()
    tracking_number = models.TextField(null=True)
    tracking_url = models.TextField(null=True)
    pickup_date = models.JSONField(null=True)

    class Meta:
        db_table = "easy_returns"


class RequestImage(models.Model):
    cancellation_request = models.ForeignKey(
        "CancellationRequest",
        models.CASCADE,
        db_column="cancellation_request",
        related_name="cancellation_request_image_set",
    )
    image = models.TextField()
    description = models.TextField(null=True)
    is_uploaded_by_user = models.BooleanField()
    created_date = models.DateTimeField()
    modified_date = models.DateTimeField()

    class Meta:
        db_table = "request_images"


class CancellationReason(models.Model):
    cancellation_type = models.TextField()
    extra_information_needed = models.BooleanField()
    is_active = models.BooleanField()

    class Meta:
        db_table = "cancellation_reasons"


class CancellationRequest(models.Model):
    uuid = models.UUIDField()
    order_item = models.ForeignKey("OrderItem", models.CASCADE)
    reason = models.ForeignKey(CancellationReason, models.CASCADE, related_name="+")
    cancellation_type_code = models.TextField()
    status_code = models.TextField()
    description = models.TextField(null=True)
    iban = models.TextField(null=True)
    holder_name = models.TextField(null=True)
    quantity = models.BigIntegerField(null=True)
    fully_refund_as_loyalty_money = models.BooleanField(null=True)
    created_date = models.DateTimeField()
    modified_date = models.DateTimeField()

    class Meta:
        db_table = "cancellation_requests"


class OrderItem(models.Model):
    uuid = models.UUIDField()
    order = models.ForeignKey("Order", models.CASCADE)
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    datasource = models.ForeignKey(Seller, models.CASCADE, null=True, related_name="+")
    shipping_company = models.ForeignKey(
        ShippingCompany, models.CASCADE, null=True, related_name="+"
    )
    shipping_option_group = models.ForeignKey(
        ShippingOptionGroup, models.CASCADE, null=True, related_name="+"
    )
    price = models.DecimalField(max_digits=14, decimal_places=2)
    tax_rate = models.DecimalField(max_digits=14, decimal_places=2)
    retail_price = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    discount_amount = models.DecimalField(max_digits=14, decimal_places=2)
    discounted_price = models.DecimalField(max_digits=14, decimal_places=2)
    status_code = models.TextField()
    currency_code = models.TextField()
    cancel_status = models.TextField(null=True)
    is_cancelled = models.BooleanField()
    is_cancellable = models.BooleanField()
    is_refundable = models.BooleanField()
    is_tradable = models.BooleanField()
    tracking_url = models.TextField(null=True)
    tracking_number = models.TextField(null=True)
    invoice_number = models.TextField(null=True)
    invoice_date = models.DateTimeField(null=True)
    e_archive_url = models.TextField(null=True)
    estimated_delivery_date = models.DateField(null=True)
    shipped_date = models.DateTimeField(null=True)
    delivered_date = models.DateTimeField(null=True)
    image = models.TextField(null=True)
    attributes = models.JSONField()
    attributes_kwargs = models.JSONField()
    extra_field = models.JSONField()
    extra_product_stock_detailed = models.JSONField(null=True)
    extra_product_price_detailed = models.JSONField(null=True)
    quantity = models.BigIntegerField()
    cancellable_quantity = models.BigIntegerField()
    refundable_quantity = models.BigIntegerField()
    unit_price = models.DecimalField(max_digits=14, decimal_places=2)
    total_amount = models.DecimalField(max_digits=14, decimal_places=2)
    created_date = models.DateTimeField()
    modified_date = models.DateTimeField()
    localized_attributes = models.JSONField()
    localized_attributes_kwargs = models.JSONField()
    defined_tracking_url = models.TextField(null=True)
    shipping_tracking_url = models.TextField(null=True)
    parent = models.BigIntegerField(null=True)
    extra_product_price = models.BigIntegerField(null=True)
    extra_product_stock = models.BigIntegerField(null=True)
    available_easy_return_shipping_companies = models.ManyToManyField(
        EasyReturnCompany, through="ItemEasyReturnCompany"
    )

    class Meta:
        db_table = "order_items"


class ItemEasyReturnCompany(models.Model):
    order_item = models.ForeignKey(OrderItem, models.CASCADE, related_name="+")
    company = models.ForeignKey(EasyReturnCompany, models.CASCADE, related_name="+")

    class Meta:
        db_table = "item_easy_return_companies"


class DiscountItem(models.Model):
    order = models.ForeignKey("Order", models.CASCADE)
    name = models.TextField()
    code = models.TextField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    cancel_amount = models.DecimalField(max_digits=14, decimal_places=2)
    created_date = models.DateTimeField()
    order_number = models.TextField()
    currency_code = models.TextField()

    class Meta:
        db_table = "discount_items"


class LoyaltyTransaction(models.Model):
    uuid = models.UUIDField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    order = models.ForeignKey("Order", models.CASCADE, db_column="order")
    user = models.ForeignKey(User, models.CASCADE, db_column="user", related_name="+")
    user_email = models.TextField()
    reference = models.TextField()

    class Meta:
        db_table = "loyalty_transactions"


class Order(models.Model):
    uuid = models.UUIDField()
    number = models.TextField()
    version = models.BigIntegerField()
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    status_code = models.TextField()
    currency_code = models.TextField()
    order_type_code = models.TextField()
    client_type_code = models.TextField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    discount_amount = models.DecimalField(max_digits=14, decimal_places=2)
    amount_without_discount = models.DecimalField(max_digits=14, decimal_places=2)
    shipping_amount = models.DecimalField(max_digits=14, decimal_places=2)
    shipping_tax_rate = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    refund_amount = models.DecimalField(max_digits=14, decimal_places=2)
    discount_refund_amount = models.DecimalField(max_digits=14, decimal_places=2)
    shipping_refund_amount = models.DecimalField(max_digits=14, decimal_places=2)
    is_cancelled = models.BooleanField()
    is_cancellable = models.BooleanField()
    is_refundable = models.BooleanField()
    is_payable = models.BooleanField()
    tracking_url = models.TextField(null=True)
    tracking_number = models.TextField(null=True)
    invoice_number = models.TextField(null=True)
    invoice_date = models.DateTimeField(null=True)
    e_archive_url = models.TextField(null=True)
    user_email = models.TextField()
    has_gift_box = models.BooleanField(null=True)
    gift_box_note = models.TextField(null=True)
    notes = models.TextField(null=True)
    installment_count = models.BigIntegerField()
    installment_interest_amount = models.DecimalField(max_digits=14, decimal_places=2)
    bin_number = models.TextField(null=True)
    created_date = models.DateTimeField()
    modified_date = models.DateTimeField()
    extra_field = models.JSONField()
    remote_addr = models.TextField(null=True)
    language_code = models.TextField(null=True)
    delivery_range = models.DateTimeField(null=True)
    defined_tracking_url = models.TextField(null=True)
    shipping_tracking_url = models.TextField(null=True)
    shipping_option_slug = models.TextField(null=True)
    payment_option_slug = models.TextField(null=True)
    basket = models.BigIntegerField(null=True)
    shipping_option = models.BigIntegerField(null=True)
    card = models.BigIntegerField(null=True)
    installment = models.BigIntegerField(null=True)
    segment = models.BigIntegerField(null=True)
    checkout_provider = models.TextField(null=True)
    shipping_address = models.ForeignKey(Address, models.CASCADE, related_name="+")
    billing_address = models.ForeignKey(Address, models.CASCADE, related_name="+")
    shipping_company = models.ForeignKey(
        ShippingCompany, models.CASCADE, null=True, related_name="+"
    )
    payment_option = models.ForeignKey(PaymentOption, models.CASCADE, related_name="+")
    bank = models.ForeignKey(Bank, models.CASCADE, null=True, related_name="+")

    class Meta:
        db_table = "orders"
        indexes = (models.Index(fields=["user", "created_date", "id"]),)
