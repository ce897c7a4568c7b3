"""Requests to cancel or return lines of the demo shop."""

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
from handlers.demo_shop.order_scenarios import RequestScenario

# Valid check digits, at a bank that does not exist.
_IBAN = "TR050009900000000000000001"


def request_document(
    request: RequestScenario, quantity: int, created_date: datetime, holder_name: str, rng: Random
) -> dict[str, Any]:
    """Return the request for ``quantity`` units of a line, without its plan."""
    decided_date = created_date if request.status == "open" else created_date + timedelta(hours=5)
    document: dict[str, Any] = {
        "cancellation_type": request.cancellation_type,
        "status": request.status,
        "reason": _reason(request, rng),
        "quantity": quantity,
        "created_date": created_date.isoformat(),
        "modified_date": decided_date.isoformat(),
    }
    if request.cancellation_type == "refund":
        document |= {
            "description": rng.choice(("Kutusu ezilmişti.", "The colour is different.", None)),
            "easy_return": _easy_return(request, created_date, rng),
            "fully_refund_as_loyalty_money": rng.random() < 0.2,
            "images": [
                {"image": f"{CDN}/returns/{rng.getrandbits(32):08x}.jpg"}
                for _ in range(rng.choice((0, 0, 1, 2)))
            ],
        }
        if rng.random() < 0.4:
            document |= {"iban": _IBAN, "holder_name": holder_name}
    return document


def _reason(request: RequestScenario, rng: Random) -> dict[str, Any]:
    if request.by_shop:
        return SELLER_REJECTED
    return rng.choice(CANCEL_REASONS if request.cancellation_type == "cancel" else REFUND_REASONS)


def _easy_return(
    request: RequestScenario, created_date: datetime, rng: Random
) -> dict[str, Any] | None:
    if request.status == "rejected":
        return None
    carrier = rng.choice(CARRIERS[:2])
    number = f"{rng.randrange(10**10):010d}"
    return {
        "shipping_company": carrier,
        "code": f"{rng.randrange(10**6):06d}",
        "status": "completed" if request.status == "completed" else "active",
        "start_date": created_date.isoformat(),
        "end_date": (created_date + timedelta(days=7)).isoformat(),
        "tracking_number": number,
        "tracking_url": f"https://track.waybill.example/{carrier['value']}/{number}",
        "pickup_date": {
            "date": (created_date + timedelta(days=2)).date().isoformat(),
            "hour_range": {"start": "09:00", "end": "12:00"},
        },
    }
