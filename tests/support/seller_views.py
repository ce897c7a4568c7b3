"""Views of the seller center with realistic values, and their documents."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationType
from domain.seller_center.cancellation_plans import SellerCancellationPlanView
from domain.seller_center.customer_addresses import SellerCustomerAddressView
from domain.seller_center.order_items import SellerOrderItemView
from domain.seller_center.orders import SellerOrderView
from domain.shared.money import Currency
from handlers.rendering.renderer import ContractRenderer, never
from handlers.rendering.sellers import SELLER_SOURCES
from tests.support.builders import NOW
from tests.support.rendered_documents import ENFORCED, served_contract

ID, OTHER = UUID(int=1), UUID(int=2)
_NOTHING = dict.fromkeys(
    ["invoice_number", "invoice_date", "e_archive_url", "tracking_number", "shipping_company"]
)


@cache
def _renderers() -> Mapping[str, ContractRenderer[Any]]:
    return {
        sources.component: ContractRenderer(
            served_contract(), sources.component, [sources], never, ENFORCED, "first"
        )
        for sources in SELLER_SOURCES.values()
    }


def document(view: Any) -> bytes:
    """The document of a view, validated."""
    component = type(view).__name__.removesuffix("View")
    return _renderers()[component](view, "en-us", NOW).body


def render(component: str, view: Any) -> dict[str, Any]:
    """The document of a view as the component, validated."""
    rendered: dict[str, Any] = orjson.loads(_renderers()[component](view, "en-us", NOW).body)
    return rendered


def make_order_view(**overrides: Any) -> SellerOrderView:
    values: dict[str, Any] = {
        **_NOTHING,
        "id": ID,
        "number": "45243493",
        "datasource": OTHER,
        "shipping_address": ID,
        "billing_address": OTHER,
        "date_placed": NOW,
        "status": 100,
        "currency": Currency.TRY,
        "amount": 62900,
        "discount_amount": 0,
        "shipping_amount": 0,
        "shipping_tax_rate": None,
        "refund_amount": 0,
        "discount_refund_amount": 0,
        "shipping_refund_amount": 0,
        "cargo_company": None,
        "has_gift_box": False,
        "gift_box_note": None,
        "language_code": None,
        "notes": None,
        "delivery_range": None,
        "shipping_option_slug": None,
        "extra_field": {},
        "cancel_status": None,
        "shipping_interest_amount": 0,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return SellerOrderView(**values | overrides)


def make_item_view(**overrides: Any) -> SellerOrderItemView:
    values: dict[str, Any] = {
        **_NOTHING,
        "id": ID,
        "order": OTHER,
        "datasource": OTHER,
        "sku": "SP-A",
        "status": 600,
        "price_currency": Currency.TRY,
        "price": 62900,
        "tax_rate": 0,
        "retail_price": None,
        "extra_field": {},
        "estimated_delivery_date": None,
        "discount_amount": 0,
        "shipped_date": NOW,
        "delivered_date": NOW,
        "cancel_status": None,
        "quantity": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return SellerOrderItemView(**values | overrides)


def make_plan_view(**overrides: Any) -> SellerCancellationPlanView:
    values: dict[str, Any] = {
        "id": ID,
        "order": OTHER,
        "order_items": (ID, OTHER),
        "currency": Currency.TRY,
        "shipping_refund_amount": 100,
        "refund_amount": 100,
        "discount_refund_amount": 100,
        "status": PlanStatus.WAITING,
        "plan_type": CancellationType.CANCEL,
        "invoice_number": "1234",
        "payment_plan": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return SellerCancellationPlanView(**values | overrides)


def make_address_view(**overrides: Any) -> SellerCustomerAddressView:
    values: dict[str, Any] = {
        "id": ID,
        "email": "elif.kaya@example.com",
        "phone_number": "05555555555",
        "first_name": "Elif",
        "last_name": "Kaya",
        "line": "Bahariye Cad. 12/4",
        "is_active": True,
        "postcode": "34000",
        "notes": None,
        "company_name": None,
        "tax_office": None,
        "tax_no": None,
        "e_bill_taxpayer": False,
        "identity_number": None,
        "country": ID,
        "city": OTHER,
        "township": None,
        "district": None,
    }
    return SellerCustomerAddressView(**values | overrides)
