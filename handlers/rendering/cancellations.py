"""Sources of cancellation requests in orders."""

from domain.orders.cancellations import CancellationRequest, CancellationRequestImage, EasyReturn
from handlers.contract.operations.marshmallow_schemas import Rendering, Source, Sources
from handlers.rendering.values import attribute, with_label


def _with_pickup(easy_return: EasyReturn, _rendering: Rendering) -> EasyReturn | None:
    """The return itself, if it has a pickup date and hours."""
    is_chosen = easy_return.pickup_date and easy_return.pickup_start and easy_return.pickup_end
    return easy_return if is_chosen else None


def _itself(easy_return: EasyReturn, _rendering: Rendering) -> EasyReturn:
    return easy_return


def _time(name: str) -> Source:
    """HH:MM, in the local time of the address."""
    return lambda easy_return, _rendering: f"{getattr(easy_return, name):%H:%M}"


# The components of an easy return.
EASY_RETURN = (
    Sources(
        "CancellationEasyReturn",
        EasyReturn,
        {
            "status": with_label("easy_return_status", "status"),
            "pickup_date": _with_pickup,
        },
    ),
    Sources("ReturnPickup", EasyReturn, {"date": attribute("pickup_date"), "hour_range": _itself}),
    Sources(
        "ReturnPickupHours",
        EasyReturn,
        {"start": _time("pickup_start"), "end": _time("pickup_end")},
    ),
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
        "cancellation_type": with_label("cancellation_type", "cancellation_type"),
        "status": with_label("cancellation_status", "status"),
        "cancellation_request_image_set": attribute("images"),
    },
)
