"""Requests to cancel lines of the demo shop, or to send them back."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from handlers.demo_shop.catalogue import CDN
from handlers.demo_shop.checkout import (
    CANCEL_REASONS,
    CARRIERS,
    REFUND_REASONS,
    SELLER_REJECTED,
)
from handlers.demo_shop.order_scenarios import Asked

# A valid check number, at a bank that does not exist.
_IBAN = "TR050009900000000000000001"


def request_document(
    asked: Asked, quantity: int, asked_date: datetime, holder_name: str, rng: Random
) -> dict[str, Any]:
    """Return the request for ``quantity`` units of a line, without its plan."""
    decided_date = asked_date if asked.status == "open" else asked_date + timedelta(hours=5)
    document: dict[str, Any] = {
        "cancellation_type": asked.cancellation_type,
        "status": asked.status,
        "reason": _reason(asked, rng),
        "quantity": quantity,
        "created_date": asked_date.isoformat(),
        "modified_date": decided_date.isoformat(),
    }
    if asked.cancellation_type == "refund":
        document |= {
            "description": rng.choice(("Kutusu ezilmişti.", "The colour is different.", None)),
            "easy_return": _easy_return(asked, asked_date, rng),
            "fully_refund_as_loyalty_money": rng.random() < 0.2,
            "images": [
                {"image": f"{CDN}/returns/{rng.getrandbits(32):08x}.jpg"}
                for _ in range(rng.choice((0, 0, 1, 2)))
            ],
        }
        if rng.random() < 0.4:
            document |= {"iban": _IBAN, "holder_name": holder_name}
    return document


def _reason(asked: Asked, rng: Random) -> dict[str, Any]:
    if asked.by_shop:
        return SELLER_REJECTED
    return rng.choice(CANCEL_REASONS if asked.cancellation_type == "cancel" else REFUND_REASONS)


def _easy_return(asked: Asked, asked_date: datetime, rng: Random) -> dict[str, Any] | None:
    if asked.status == "rejected":
        return None
    carrier = rng.choice(CARRIERS[:2])
    number = f"{rng.randrange(10**10):010d}"
    return {
        "shipping_company": carrier,
        "code": f"{rng.randrange(10**6):06d}",
        "status": "completed" if asked.status == "completed" else "active",
        "start_date": asked_date.isoformat(),
        "end_date": (asked_date + timedelta(days=7)).isoformat(),
        "tracking_number": number,
        "tracking_url": f"https://track.waybill.example/{carrier['value']}/{number}",
        "pickup_date": {
            "date": (asked_date + timedelta(days=2)).date().isoformat(),
            "hour_range": {"start": "09:00", "end": "12:00"},
        },
    }
