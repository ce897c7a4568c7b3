"""Routes."""

from django.urls import path

from benchmarks.peers.django_shop import views

urlpatterns = [
    path("users/orders/", views.OrderList.as_view()),
    path("users/orders/<int:pk>/", views.OrderDetail.as_view()),
    path("users/old-orders/", views.OldOrderList.as_view()),
    path("api/i1/orders/", views.SellerOrderList.as_view()),
]
