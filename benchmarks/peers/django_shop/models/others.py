"""Archived orders, and sellers' orders."""

from django.db import models

from benchmarks.peers.django_shop.models.named import Seller, ShippingCompany, User
from benchmarks.peers.django_shop.models.orders import Order


class OldOrderItem(models.Model):
    old_order = models.ForeignKey("OldOrder", models.CASCADE)
    product = models.TextField()
    sku = models.TextField(null=True)
    quantity = models.BigIntegerField()
    price = models.DecimalField(max_digits=14, decimal_places=2)
    image = models.TextField(null=True)
    image_url = models.TextField(null=True)
    extra_field = models.JSONField()

    class Meta:
        db_table = "old_order_items"


class OldOrder(models.Model):
    number = models.TextField()
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    user_email = models.TextField()
    status = models.TextField(null=True)
    created_date = models.DateTimeField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    discount_amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency_code = models.TextField()
    payment_type = models.TextField(null=True)
    bank = models.TextField(null=True)
    installment_count = models.BigIntegerField(null=True)
    tracking_number = models.TextField(null=True)
    shipping_company = models.ForeignKey(
        ShippingCompany, models.CASCADE, null=True, related_name="+"
    )
    shipping_address = models.TextField(null=True)
    billing_address = models.TextField(null=True)
    extra_field = models.JSONField()

    class Meta:
        db_table = "old_orders"
        indexes = (models.Index(fields=["user", "created_date", "id"]),)


class SellerOrder(models.Model):
    row = models.BigIntegerField(primary_key=True)
    seller = models.ForeignKey(Seller, models.CASCADE, related_name="+")
    order = models.ForeignKey(Order, models.CASCADE, related_name="+")
    uuid = models.UUIDField(unique=True, db_column="id")
    number = models.TextField()
    datasource = models.UUIDField()
    shipping_address = models.UUIDField()
    billing_address = models.UUIDField()
    date_placed = models.DateTimeField()
    status = models.BigIntegerField()
    currency = models.TextField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    discount_amount = models.DecimalField(max_digits=14, decimal_places=2)
    shipping_amount = models.DecimalField(max_digits=14, decimal_places=2)
    shipping_tax_rate = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    refund_amount = models.DecimalField(max_digits=14, decimal_places=2)
    discount_refund_amount = models.DecimalField(max_digits=14, decimal_places=2)
    shipping_refund_amount = models.DecimalField(max_digits=14, decimal_places=2)
    invoice_number = models.TextField(null=True)
    invoice_date = models.DateTimeField(null=True)
    e_archive_url = models.TextField(null=True)
    tracking_number = models.TextField(null=True)
    shipping_company = models.TextField(null=True)
    cargo_company = models.TextField(null=True)
    has_gift_box = models.BooleanField(null=True)
    gift_box_note = models.TextField(null=True)
    language_code = models.TextField(null=True)
    notes = models.TextField(null=True)
    delivery_range = models.DateTimeField(null=True)
    shipping_option_slug = models.TextField(null=True)
    extra_field = models.JSONField()
    cancel_status = models.TextField(null=True)
    shipping_interest_amount = models.DecimalField(max_digits=14, decimal_places=2)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "seller_orders"
        indexes = (
            models.Index(fields=["seller", "amount"]),
            models.Index(fields=["seller", "date_placed", "row"]),
            models.Index(fields=["seller", "status", "date_placed", "row"]),
        )
