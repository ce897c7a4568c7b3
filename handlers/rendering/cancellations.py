"""Sources of cancellation requests as orders show them."""

from typing import Any

from domain.cancellations import CancellationRequest, CancellationRequestImage, EasyReturn
from handlers.contract.schemas import Rendering, Sources
from handlers.rendering.values import attribute, carrier, named


def _pickup_date(easy_return: EasyReturn, _rendering: Rendering) -> dict[str, Any] | None:
    """The day and hours that the shopper chose; times are local to the address."""
    if not (easy_return.pickup_date and easy_return.pickup_start and easy_return.pickup_end):
        return None
    return {
        "date": easy_return.pickup_date.isoformat(),
        "hour_range": {
            "start": f"{easy_return.pickup_start:%H:%M}",
            "end": f"{easy_return.pickup_end:%H:%M}",
        },
    }


EASY_RETURN = Sources(
    "CancellationEasyReturn",
    EasyReturn,
    {
        "shipping_company": carrier("shipping_company"),
        "status": named("easy_return_status", "status"),
        "pickup_date": _pickup_date,
    },
)

CANCELLATION_REQUEST_IMAGE = Sources(
    "CancellationRequestImage",
    CancellationRequestImage,
    {"id": attribute("pk"), "cancellation_request": attribute("cancellation_request_pk")},
)

CANCELLATION_REQUEST = Sources(
    "CancellationRequest",
    CancellationRequest,
    {
        "id": attribute("pk"),
        "order_item": attribute("order_item_pk"),
        "reason": attribute("reason_pk"),
        "cancellation_type": named("cancellation_type", "cancellation_type"),
        "status": named("cancellation_status", "status"),
        "cancellation_request_image_set": attribute("images"),
    },
)
