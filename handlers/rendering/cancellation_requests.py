"""Sources of cancellation requests as the endpoints of their own show them."""

from domain.cancellations import CancellationRequest
from handlers.contract.schemas import Sources
from handlers.rendering.cancellations import EASY_RETURN
from handlers.rendering.values import attribute, labelled, named

CANCELLATION_REQUEST_SOURCES = [
    Sources(
        "CancellationRequestRecord",
        CancellationRequest,
        {
            "id": attribute("pk"),
            "order_item": attribute("order_item_pk"),
            "reason": attribute("reason_pk"),
            "status": named("cancellation_status", "status"),
        },
    ),
    EASY_RETURN,
    *labelled("LabelledCancellationRequestStatus", "ShippingCompany", "LabelledEasyReturnStatus"),
]
