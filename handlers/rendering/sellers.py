"""Sources of the seller center, by the name of the store in the unit of work."""

from collections.abc import Mapping

from handlers.contract.operations.marshmallow_schemas import Sources
from handlers.rendering.seller_cancellation_plans import SELLER_CANCELLATION_PLAN
from handlers.rendering.seller_customer_addresses import SELLER_CUSTOMER_ADDRESS
from handlers.rendering.seller_order_items import SELLER_ORDER_ITEM
from handlers.rendering.seller_orders import SELLER_ORDER

SELLER_SOURCES: Mapping[str, Sources] = {
    "seller_orders": SELLER_ORDER,
    "seller_order_items": SELLER_ORDER_ITEM,
    "seller_cancellation_plans": SELLER_CANCELLATION_PLAN,
    "seller_customer_addresses": SELLER_CUSTOMER_ADDRESS,
}
