"""Sources of orders in the seller center."""

from domain.seller_center.orders import SellerOrderView
from handlers.contract.operations.marshmallow_schemas import Sources
from handlers.rendering.values import money, rate

_AMOUNTS = (
    "amount",
    "discount_amount",
    "shipping_amount",
    "refund_amount",
    "discount_refund_amount",
    "shipping_refund_amount",
    "shipping_interest_amount",
)

SELLER_ORDER = Sources(
    "SellerOrder",
    SellerOrderView,
    {**{name: money(name) for name in _AMOUNTS}, "shipping_tax_rate": rate("shipping_tax_rate")},
)
