"""Labels of coded values; every peer shows them as ``{"value": …, "label": …}``."""

LABELS = {
    "status": {
        "50": "Cancellation waiting",
        "100": "Cancelled",
        "200": "Waiting",
        "400": "Approved",
        "450": "Preparing",
        "500": "Shipped",
        "550": "Delivered",
        "600": "Refunded",
    },
    "order_type": {"regular": "Regular", "addon": "Add-on", "replacement": "Replacement"},
    "cancellation_type": {"cancel": "Cancellation", "refund": "Refund"},
    "cancellation_status": {
        "open": "Open",
        "approved": "Approved",
        "rejected": "Rejected",
        "completed": "Completed",
    },
    "easy_return_status": {
        "active": "Active",
        "completed": "Completed",
        "expired": "Expired",
        "cancelled": "Cancelled",
    },
    "client_type": {"default": "Web", "ios": "iOS", "android": "Android"},
    "address_type": {"customer": "Customer address", "retail_store": "Store"},
    "currency": {"try": "TL", "usd": "USD", "eur": "EUR"},
}


def named(kind: str, value: str) -> dict[str, str]:
    """The coded value with its label."""
    return {"value": value, "label": LABELS[kind][value]}
