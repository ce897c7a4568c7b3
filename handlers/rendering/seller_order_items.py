"""Sources of order items in the seller center."""

from domain.seller_center.order_items import SellerOrderItemView
from handlers.contract.operations.marshmallow_schemas import Sources
from handlers.rendering.values import money, rate

_AMOUNTS = ("price", "retail_price", "discount_amount")

SELLER_ORDER_ITEM = Sources(
    "SellerOrderItem",
    SellerOrderItemView,
    {
        **{name: money(name, currency="price_currency") for name in _AMOUNTS},
        "tax_rate": rate("tax_rate"),
    },
)
