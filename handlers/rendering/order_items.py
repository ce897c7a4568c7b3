"""Sources of the lines of an order."""

from typing import Any

from domain.orders.order_items import OrderItem
from domain.orders.products import Product
from domain.orders.return_policy import ReturnPolicy
from domain.orders.shipping import EasyReturnShippingCompany, ShippingOptionGroup
from domain.shared.money import format_amount
from handlers.contract.operations.marshmallow_schemas import Rendering, Sources
from handlers.rendering.values import (
    attribute,
    currency,
    identifier,
    money,
    optional,
    rate,
    translated,
    with_label,
)

PRODUCT = Sources("UserOrderProduct", Product, {"id": attribute("pk"), "name": translated("name")})


def _group_amount(group: ShippingOptionGroup, _rendering: Rendering) -> str:
    return format_amount(group.amount, group.currency)


SHIPPING_OPTION_GROUP = Sources(
    "ShippingOptionGroup",
    ShippingOptionGroup,
    {"id": attribute("pk"), "amount": _group_amount},
)

EASY_RETURN_SHIPPING_COMPANY = Sources(
    "EasyReturnShippingCompany",
    EasyReturnShippingCompany,
    {"id": attribute("pk")},
)


def _datasource(item: OrderItem, _rendering: Rendering) -> dict[str, Any] | None:
    return {"pk": item.seller.pk, "name": item.seller.name} if item.seller else None


def order_item_sources(policy: ReturnPolicy) -> Sources:
    """The sources of a line; `is_refundable` depends on the return policy."""
    return Sources(
        "UserOrderItem",
        OrderItem,
        {
            "id": attribute("pk"),
            "order": attribute("order_pk"),
            "price": money("price"),
            "unit_price": money("unit_price"),
            "retail_price": money("retail_price"),
            "discount_amount": money("discount_amount"),
            "discounted_price": money("discounted_price"),
            "total_amount": money("price"),
            "tax_rate": rate("tax_rate"),
            "status": with_label("order_status", "state.storefront_code"),
            "price_currency": currency,
            "is_refundable": lambda item, at: item.is_refundable(at.now, policy),
            "is_tradable": lambda item, at: item.is_tradable(at.now),
            "refundable_quantity": lambda item, at: item.refundable_quantity(at.now, policy),
            "cancellationrequest_set": attribute("cancellation_requests"),
            "available_easy_return_shipping_companies": attribute("easy_return_companies"),
            "datasource": optional("pk", of="seller"),
            "datasource_detailed": _datasource,
            "extra_product_price": identifier("extra_product_price_detailed"),
            "extra_product_stock": identifier("extra_product_stock_detailed"),
        },
    )
