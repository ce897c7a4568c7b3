"""English labels of coded values; the catalogues have the other languages."""

from collections.abc import Mapping


def mark(message: str) -> str:
    """Mark a text for translation at run time, when the language is known."""
    return message


LABELS: Mapping[str, Mapping[str, str]] = {
    "order_status": {
        "50": mark("Cancellation waiting"),
        "100": mark("Cancelled"),
        "200": mark("Waiting"),
        "400": mark("Approved"),
        "450": mark("Preparing"),
        "500": mark("Shipped"),
        "550": mark("Delivered"),
        "600": mark("Refunded"),
    },
    "order_type": {
        "regular": mark("Regular"),
        "addon": mark("Add-on"),
        "replacement": mark("Replacement"),
    },
    "cancellation_type": {"cancel": mark("Cancellation"), "refund": mark("Refund")},
    "cancellation_status": {
        "open": mark("Open"),
        "approved": mark("Approved"),
        "rejected": mark("Rejected"),
        "completed": mark("Completed"),
    },
    "easy_return_status": {
        "active": mark("Active"),
        "completed": mark("Completed"),
        "expired": mark("Expired"),
        "cancelled": mark("Cancelled"),
    },
    "payment_type": {
        "credit_card": mark("Credit card"),
        "saved_card": mark("Saved card"),
        "masterpass": "Masterpass",
        "bkm_express": "BKM Express",
        "funds_transfer": mark("Bank transfer"),
        "pay_on_delivery": mark("Payment on delivery"),
        "loyalty_money": mark("Loyalty money"),
        "gift_card": mark("Gift card"),
        "voucher": mark("Voucher"),
    },
    "client_type": {
        "default": mark("Web"),
        "web": mark("Web"),
        "mobile": mark("Mobile web"),
        "ios": "iOS",
        "android": "Android",
        "instore": mark("In store"),
    },
    "address_type": {
        "customer": mark("Customer address"),
        "retail_store": mark("Store"),
    },
    "currency": {"try": "TL"},
}
"""By kind and value. Brand and currency names are the same in every language."""
