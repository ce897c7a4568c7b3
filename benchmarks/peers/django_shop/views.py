"""Generic views, whose querysets fetch everything that the serializers show."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework import generics
from rest_framework.pagination import PageNumberPagination

from benchmarks.peers.django_shop import models, serializers
from benchmarks.peers.django_shop.authentication import TokenAuthentication

_ADDRESSES = models.Address.objects.select_related("country", "city", "township", "district")
_REQUESTS = Prefetch(
    "orderitem_set__cancellationrequest_set",
    models.CancellationRequest.objects.select_related("easy_return__shipping_company").order_by(
        "id"
    ),
)
_ITEMS = Prefetch(
    "orderitem_set",
    models.OrderItem.objects.select_related(
        "product", "datasource", "shipping_company", "shipping_option_group"
    ).order_by("id"),
)
_COMPANIES = Prefetch(
    "orderitem_set__available_easy_return_shipping_companies",
    models.EasyReturnCompany.objects.select_related("shipping_company").order_by("id"),
)


class Pagination(PageNumberPagination):
    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 500


class _Orders:
    serializer_class = serializers.OrderSerializer

    def get_queryset(self) -> QuerySet[Any]:
        return (
            models.Order.objects.filter(user=self.request.user)  # type: ignore[attr-defined]  # the view has it
            .select_related("shipping_company", "payment_option", "bank")
            .prefetch_related(
                # By SELECTs of their own: a join of fifteen tables is slow to plan.
                Prefetch("shipping_address", _ADDRESSES),
                Prefetch("billing_address", _ADDRESSES),
                _ITEMS,
                _REQUESTS,
                "orderitem_set__cancellationrequest_set__cancellation_request_image_set",
                _COMPANIES,
                "discountitem_set",
                "loyaltytransaction_set",
            )
            .order_by("-created_date", "-id")
        )


class OrderList(_Orders, generics.ListAPIView):
    pagination_class = Pagination


class OrderDetail(_Orders, generics.RetrieveAPIView):
    pass


class OldOrderList(generics.ListAPIView):
    serializer_class = serializers.OldOrderSerializer
    pagination_class = Pagination

    def get_queryset(self) -> QuerySet[Any]:
        return (
            models.OldOrder.objects.filter(user=self.request.user)
            .select_related("shipping_company")
            .prefetch_related("oldorderitem_set")
            .order_by("-created_date", "-id")
        )


class SellerOrderList(generics.ListAPIView):
    authentication_classes = (TokenAuthentication,)
    permission_classes = ()  # the token decides
    serializer_class = serializers.SellerOrderSerializer
    pagination_class = Pagination

    def get_queryset(self) -> QuerySet[Any]:
        parameters = self.request.query_params
        names = ("status", "amount__gte", "date_placed__gte")
        filters = {name: parameters[name] for name in names if name in parameters}
        own = models.SellerOrder.objects.filter(seller=self.request.user.seller_id, **filters)
        return own.order_by("-date_placed", "-row")
