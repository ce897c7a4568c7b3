"""Serializers: nested fields are declared, all others come from the models."""

from typing import Any

from rest_framework import serializers

from benchmarks.peers.django_shop import models
from benchmarks.peers.labels import named


class NamedField(serializers.Field):
    """A coded value with its label."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(read_only=True, **options)
        self.kind = kind

    def to_representation(self, value: str) -> dict[str, str]:
        return named(self.kind, value)


class WithPk(serializers.ModelSerializer):
    pk = serializers.IntegerField(read_only=True)


class PlaceSerializer(WithPk):
    class Meta:
        model = models.Location
        exclude = ("code",)


class CodedPlaceSerializer(WithPk):
    class Meta:
        model = models.Location
        fields = "__all__"


class AddressSerializer(WithPk):
    country = CodedPlaceSerializer()
    city = CodedPlaceSerializer()
    township = PlaceSerializer()
    district = PlaceSerializer()
    address_type = NamedField("address_type", source="address_type_code")

    class Meta:
        model = models.Address
        exclude = ("address_type_code",)


class PaymentOptionSerializer(WithPk):
    class Meta:
        model = models.PaymentOption
        fields = "__all__"


class BankSerializer(WithPk):
    class Meta:
        model = models.Bank
        fields = "__all__"


class ShippingCompanySerializer(serializers.ModelSerializer):
    class Meta:
        model = models.ShippingCompany
        fields = "__all__"


class ShippingOptionGroupSerializer(WithPk):
    class Meta:
        model = models.ShippingOptionGroup
        fields = "__all__"


class ProductSerializer(WithPk):
    class Meta:
        model = models.Product
        fields = "__all__"


class SellerSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Seller
        fields = (
            "pk",
            "name",
        )


class EasyReturnCompanySerializer(WithPk):
    shipping_company = ShippingCompanySerializer()

    class Meta:
        model = models.EasyReturnCompany
        fields = "__all__"


class EasyReturnSerializer(serializers.ModelSerializer):
    shipping_company = ShippingCompanySerializer()
    status = NamedField("easy_return_status", source="status_code")

    class Meta:
        model = models.EasyReturn
        exclude = (
            "id",
            "request",
            "status_code",
        )


class RequestImageSerializer(WithPk):
    class Meta:
        model = models.RequestImage
        fields = "__all__"


class CancellationRequestSerializer(WithPk):
    cancellation_type = NamedField("cancellation_type", source="cancellation_type_code")
    status = NamedField("cancellation_status", source="status_code")
    easy_return = EasyReturnSerializer(allow_null=True)
    cancellation_request_image_set = RequestImageSerializer(many=True)

    class Meta:
        model = models.CancellationRequest
        exclude = (
            "cancellation_type_code",
            "status_code",
        )


class OrderItemSerializer(WithPk):
    product = ProductSerializer()
    status = NamedField("status", source="status_code")
    price_currency = NamedField("currency", source="currency_code")
    shipping_company = ShippingCompanySerializer(allow_null=True)
    shipping_option_group = ShippingOptionGroupSerializer(allow_null=True)
    cancellationrequest_set = CancellationRequestSerializer(many=True)
    active_cancellation_request = serializers.SerializerMethodField()
    available_easy_return_shipping_companies = EasyReturnCompanySerializer(many=True)
    datasource_detailed = SellerSerializer(source="datasource", allow_null=True)

    class Meta:
        model = models.OrderItem
        exclude = (
            "uuid",
            "status_code",
            "currency_code",
            "cancel_status",
        )

    def get_active_cancellation_request(self, item: models.OrderItem) -> Any:
        active = [
            request
            for request in item.cancellationrequest_set.all()
            if request.status_code in {"open", "approved"}
        ]
        if not active:
            return None
        newest = max(active, key=lambda request: (request.created_date, request.id))
        return CancellationRequestSerializer(newest, context=self.context).data


class DiscountItemSerializer(WithPk):
    currency = NamedField("currency", source="currency_code")

    class Meta:
        model = models.DiscountItem
        exclude = ("currency_code",)


class LoyaltyTransactionSerializer(WithPk):
    class Meta:
        model = models.LoyaltyTransaction
        fields = "__all__"


class OrderSerializer(WithPk):
    status = NamedField("status", source="status_code")
    currency = NamedField("currency", source="currency_code")
    order_type = NamedField("order_type", source="order_type_code")
    client_type = NamedField("client_type", source="client_type_code")
    shipping_address = AddressSerializer()
    billing_address = AddressSerializer()
    shipping_company = ShippingCompanySerializer(allow_null=True)
    payment_option = PaymentOptionSerializer()
    bank = BankSerializer(allow_null=True)
    orderitem_set = OrderItemSerializer(many=True)
    discountitem_set = DiscountItemSerializer(many=True)
    loyaltytransaction_set = LoyaltyTransactionSerializer(many=True)

    class Meta:
        model = models.Order
        exclude = (
            "uuid",
            "version",
            "status_code",
            "currency_code",
            "order_type_code",
            "client_type_code",
        )


class OldOrderItemSerializer(WithPk):
    class Meta:
        model = models.OldOrderItem
        exclude = ("old_order",)


class OldOrderSerializer(WithPk):
    currency = NamedField("currency", source="currency_code")
    shipping_company = ShippingCompanySerializer(allow_null=True)
    oldorderitem_set = OldOrderItemSerializer(many=True)

    class Meta:
        model = models.OldOrder
        exclude = ("currency_code",)


class SellerOrderSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="uuid")

    class Meta:
        model = models.SellerOrder
        exclude = (
            "row",
            "uuid",
            "seller",
            "order",
        )
