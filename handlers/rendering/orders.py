"""Sources of orders, their discounts, payment and loyalty money."""

from domain.orders.discounts import DiscountItem
from domain.orders.loyalty import LoyaltyTransaction
from domain.orders.orders import Order
from domain.orders.payments import Bank, PaymentOption
from domain.orders.return_policy import ReturnPolicy
from domain.shared.money import format_amount
from handlers.contract.operations.marshmallow_schemas import Rendering, Sources
from handlers.rendering.addresses import ADDRESS, LOCATION
from handlers.rendering.cancellations import (
    CANCELLATION_REQUEST,
    CANCELLATION_REQUEST_IMAGE,
    EASY_RETURN,
)
from handlers.rendering.order_items import (
    EASY_RETURN_SHIPPING_COMPANY,
    PRODUCT,
    SHIPPING_OPTION_GROUP,
    order_item_sources,
)
from handlers.rendering.values import (
    attribute,
    currency,
    labelled,
    money,
    rate,
    with_label,
)


def _cancel_amount(discount: DiscountItem, at: Rendering) -> str:
    return format_amount(at.root.discount_refund_of(discount), at.root.currency)


DISCOUNT_ITEM = Sources(
    "DiscountItem",
    DiscountItem,
    {
        "id": attribute("pk"),
        "order": attribute("order_pk"),
        "amount": money("amount"),
        "cancel_amount": _cancel_amount,
        "order_number": lambda _discount, at: at.root.number,
        "currency": currency,
    },
)

LOYALTY_TRANSACTION = Sources(
    "LoyaltyTransaction",
    LoyaltyTransaction,
    {
        "id": attribute("pk"),
        "amount": money("amount"),
        "order": attribute("order_pk"),
        "user": attribute("user_pk"),
    },
)

PAYMENT_OPTION = Sources("PaymentOptionSummary", PaymentOption, {"id": attribute("pk")})
BANK = Sources("BankSummary", Bank, {"id": attribute("pk")})
LABELS = labelled(
    "LabelledOrderStatus",
    "LabelledOrderItemStatus",
    "LabelledOrderType",
    "LabelledAddressType",
    "LabelledCancellationType",
    "LabelledCancellationRequestStatus",
    "LabelledCurrency",
    "LabelledClientType",
    "LabelledEasyReturnStatus",
    "ShippingCompany",
)

_AMOUNTS = (
    "amount",
    "discount_amount",
    "amount_without_discount",
    "shipping_amount",
    "refund_amount",
    "discount_refund_amount",
    "shipping_refund_amount",
    "installment_interest_amount",
)


def _order(policy: ReturnPolicy) -> Sources:
    return Sources(
        "UserOrder",
        Order,
        {
            **{name: money(name) for name in _AMOUNTS},
            "id": attribute("pk"),
            "status": with_label("order_status", "state.storefront_code"),
            "currency": currency,
            "shipping_tax_rate": rate("shipping_tax_rate"),
            "is_refundable": lambda order, at: order.is_refundable(at.now, policy),
            "order_type": with_label("order_type", "order_type"),
            "client_type": with_label("client_type", "client_type"),
            "payment_option_slug": attribute("payment_option.slug"),
            "orderitem_set": attribute("items"),
            "discountitem_set": attribute("discounts"),
            "loyaltytransaction_set": attribute("loyalty_transactions"),
            "user": attribute("user_pk"),
        },
    )


def order_sources(policy: ReturnPolicy) -> list[Sources]:
    """The sources of `UserOrder` and of everything in it."""
    return [
        _order(policy),
        order_item_sources(policy),
        *LABELS,
        DISCOUNT_ITEM,
        LOYALTY_TRANSACTION,
        PAYMENT_OPTION,
        BANK,
        ADDRESS,
        LOCATION,
        PRODUCT,
        SHIPPING_OPTION_GROUP,
        EASY_RETURN_SHIPPING_COMPANY,
        CANCELLATION_REQUEST,
        CANCELLATION_REQUEST_IMAGE,
        *EASY_RETURN,
    ]
