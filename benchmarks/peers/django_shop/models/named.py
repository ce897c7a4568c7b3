"""Objects that orders refer to: people, places, products, companies."""

from django.db import models


class User(models.Model):
    email = models.TextField()
    is_active = models.BooleanField()
    is_authenticated = True  # a user of a session

    class Meta:
        db_table = "users"


class Session(models.Model):
    id_hash = models.BinaryField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    expires_date = models.DateTimeField()

    class Meta:
        db_table = "sessions"


class Seller(models.Model):
    name = models.TextField()

    class Meta:
        db_table = "sellers"


class SellerToken(models.Model):
    token_hash = models.BinaryField(primary_key=True)
    seller = models.ForeignKey(Seller, models.CASCADE, related_name="+")
    scopes = models.TextField()
    expires_date = models.DateTimeField()
    revoked_date = models.DateTimeField(null=True)

    class Meta:
        db_table = "seller_tokens"


class Location(models.Model):
    name = models.TextField()
    code = models.TextField(null=True)
    is_active = models.BooleanField()
    translations = models.JSONField(null=True)
    country = models.BigIntegerField(null=True)
    city = models.BigIntegerField(null=True)
    township = models.BigIntegerField(null=True)
    priority = models.BigIntegerField(null=True)
    postcode = models.TextField(null=True)

    class Meta:
        db_table = "locations"


class Address(models.Model):
    email = models.TextField()
    phone_number = models.TextField()
    first_name = models.TextField()
    last_name = models.TextField()
    country = models.ForeignKey(Location, models.CASCADE, related_name="+")
    city = models.ForeignKey(Location, models.CASCADE, related_name="+")
    township = models.ForeignKey(Location, models.CASCADE, related_name="+")
    district = models.ForeignKey(Location, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    line = models.TextField()
    title = models.TextField()
    postcode = models.TextField()
    notes = models.TextField(null=True)
    company_name = models.TextField(null=True)
    tax_office = models.TextField(null=True)
    tax_no = models.TextField(null=True)
    e_bill_taxpayer = models.BooleanField(null=True)
    hash_data = models.TextField()
    address_type_code = models.TextField()
    retail_store = models.BigIntegerField(null=True)
    remote_id = models.TextField(null=True)
    identity_number = models.TextField(null=True)
    extra_field = models.JSONField(null=True)
    is_corporate = models.BooleanField()
    primary = models.BooleanField()

    class Meta:
        db_table = "addresses"


class PaymentOption(models.Model):
    name = models.TextField()
    payment_type = models.TextField()
    slug = models.TextField()

    class Meta:
        db_table = "payment_options"


class Bank(models.Model):
    name = models.TextField()
    slug = models.TextField()
    logo = models.TextField(null=True)
    logo_path = models.TextField(null=True)

    class Meta:
        db_table = "banks"


class ShippingCompany(models.Model):
    value = models.TextField(primary_key=True)
    label = models.TextField()

    class Meta:
        db_table = "shipping_companies"


class ShippingOptionGroup(models.Model):
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    shipping_option_name = models.TextField()
    shipping_option_logo = models.TextField(null=True)

    class Meta:
        db_table = "shipping_option_groups"


class Product(models.Model):
    sku = models.TextField()
    base_code = models.TextField()
    name = models.TextField()
    image = models.TextField(null=True)
    absolute_url = models.TextField()
    attributes = models.JSONField()
    attributes_kwargs = models.JSONField()
    form_schema = models.JSONField()
    data_source = models.BigIntegerField(null=True)
    extra_attributes = models.JSONField()
    category = models.JSONField()
    attribute_set = models.JSONField()

    class Meta:
        db_table = "products"


class EasyReturnCompany(models.Model):
    shipping_company = models.ForeignKey(ShippingCompany, models.CASCADE, related_name="+")
    name = models.TextField()
    requires_pickup_address = models.BooleanField()

    class Meta:
        db_table = "easy_return_companies"
