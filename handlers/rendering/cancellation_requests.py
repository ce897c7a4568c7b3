"""Sources of cancellation requests in responses of their own operations."""

from domain.orders.cancellations import CancellationRequest
from handlers.contract.operations.marshmallow_schemas import Sources
from handlers.rendering.cancellations import EASY_RETURN
from handlers.rendering.values import attribute, labelled, with_label

CANCELLATION_REQUEST_SOURCES = [
    Sources(
        "UserCancellationRequest",
        CancellationRequest,
        {
            "id": attribute("pk"),
            "order_item": attribute("order_item_pk"),
            "reason": attribute("reason_pk"),
            "status": with_label("cancellation_status", "status"),
        },
    ),
    *EASY_RETURN,
    *labelled("LabelledCancellationRequestStatus", "ShippingCompany", "LabelledEasyReturnStatus"),
]
