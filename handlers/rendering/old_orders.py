"""Sources of old orders and their lines."""

from domain.orders.old_orders import OldOrder, OldOrderItem
from handlers.contract.operations.marshmallow_schemas import Rendering, Sources
from handlers.rendering.values import Labelled, attribute, currency, labelled, money


def _carrier(old_order: OldOrder, _rendering: Rendering) -> Labelled | None:
    """The carrier of the earlier system, labelled by its code if its name is unknown."""
    if old_order.shipping_company is None:
        return None
    label = old_order.shipping_company_label or old_order.shipping_company
    return Labelled(old_order.shipping_company, label)


OLD_ORDER_SOURCES = [
    *labelled("LabelledCurrency", "ShippingCompany"),
    Sources(
        "UserOldOrder",
        OldOrder,
        {
            "id": attribute("pk"),
            "amount": money("amount"),
            "discount_amount": money("discount_amount"),
            "currency": currency,
            "shipping_company": _carrier,
            "oldorderitem_set": attribute("items"),
            "user": attribute("user_pk"),
        },
    ),
    Sources(
        "UserOldOrderItem",
        OldOrderItem,
        {"id": attribute("pk"), "price": money("price")},
    ),
]
