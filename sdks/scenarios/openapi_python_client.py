"""Uses Waybill by the client of openapi-python-client, as a shopper, a guest and a seller."""

import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from waybill_client import AuthenticatedClient, Client
from waybill_client.api.cancellations import (
    create_anonymous_cancellation_request,
    create_cancellation_request,
    list_cancellation_reasons,
    list_cancellation_requests,
)
from waybill_client.api.orders import get_user_order, list_user_orders, look_up_anonymous_order
from waybill_client.api.sellers import list_seller_order_items, reject_seller_order_item
from waybill_client.api.sessions import log_in, log_out
from waybill_client.models import (
    ApiError,
    CancellationDraft,
    CancellationReasonPage,
    CancellationRequestPage,
    CancellationType,
    LoggedInUser,
    LoginCredentials,
    LookedUpOrderPage,
    OrderLookUp,
    SellerOrderItemPage,
    SellerRejection,
    SellerStatus,
    UserCancellationRequest,
    UserOrder,
    UserOrderPage,
)

URL = os.environ["WAYBILL_URL"]
LAST_YEAR = datetime.now(UTC) - timedelta(days=365)


def shop() -> None:
    """The requests of a shopper."""
    anyone = Client(base_url=URL)
    email, password = os.environ["SHOPPER_EMAIL"], os.environ["SHOPPER_PASSWORD"]
    user = log_in.sync(client=anyone, body=LoginCredentials(email, password))
    assert isinstance(user, LoggedInUser)
    client = AuthenticatedClient(base_url=URL, token=user.key, prefix="Session")

    page = list_user_orders.sync(client=client, limit=5)
    assert isinstance(page, UserOrderPage)
    recent = list_user_orders.sync(client=client, created_date_gte=LAST_YEAR, limit=100)
    assert isinstance(recent, UserOrderPage)
    order, item = first_cancellable(recent.results)
    detail = get_user_order.sync(order.pk, client=client)
    assert isinstance(detail, UserOrder)
    assert detail.number == order.number

    reasons = list_cancellation_reasons.sync(
        client=client, cancellation_type=CancellationType.CANCEL
    )
    assert isinstance(reasons, CancellationReasonPage)
    draft = CancellationDraft(item, reasons.results[0].pk, CancellationType.CANCEL, quantity=1)
    key = str(uuid4())
    created = create_cancellation_request.sync_detailed(
        client=client, body=draft, idempotency_key=key
    )
    assert isinstance(created.parsed, UserCancellationRequest)
    replayed = create_cancellation_request.sync_detailed(
        client=client, body=draft, idempotency_key=key
    )
    assert isinstance(replayed.parsed, UserCancellationRequest)
    assert replayed.parsed.pk == created.parsed.pk
    assert replayed.headers["Idempotent-Replay"] == "true"

    requests = list_cancellation_requests.sync(client=client)
    assert isinstance(requests, CancellationRequestPage)
    assert created.parsed.pk in [request.pk for request in requests.results]
    refused = get_user_order.sync(2**40, client=client)
    assert isinstance(refused, ApiError)
    assert refused.error_code == "not_found"
    log_out.sync_detailed(client=client)
    after = list_user_orders.sync(client=client)
    assert isinstance(after, ApiError)
    assert after.error_code == "not_authenticated"


def look_up() -> None:
    """The requests of a guest."""
    anyone = Client(base_url=URL)
    guest_order = look_up_anonymous_order.sync(
        client=anyone,
        body=OrderLookUp(os.environ["GUEST_EMAIL"], os.environ["GUEST_NUMBER"]),
    )
    assert isinstance(guest_order, LookedUpOrderPage)
    client = AuthenticatedClient(base_url=URL, token=guest_order.key, prefix="Session")

    _, item = first_cancellable(guest_order.results)
    reasons = list_cancellation_reasons.sync(
        client=client, cancellation_type=CancellationType.CANCEL
    )
    assert isinstance(reasons, CancellationReasonPage)
    created = create_anonymous_cancellation_request.sync(
        client=client,
        body=CancellationDraft(item, reasons.results[0].pk, CancellationType.CANCEL, quantity=1),
        idempotency_key=str(uuid4()),
    )
    assert isinstance(created, UserCancellationRequest)


def sell() -> None:
    """The requests of a seller's system."""
    json = {"Content-Type": "application/json"}
    client = AuthenticatedClient(base_url=URL, token=os.environ["SELLER_TOKEN"], headers=json)

    page = list_seller_order_items.sync(
        client=client,
        order_number_icontains="0",
        status=SellerStatus.APPROVED,
        created_at_gte=LAST_YEAR,
    )
    assert isinstance(page, SellerOrderItemPage)
    rejected = reject_seller_order_item.sync_detailed(
        page.results[0].id, client=client, body=SellerRejection(reason="Out of stock")
    )
    assert rejected.status_code == 204


def first_cancellable(orders: list[UserOrder]) -> tuple[UserOrder, int]:
    """An order, and the pk of an item of it that can be cancelled."""
    return next(
        (order, item.pk)
        for order in orders
        if not order.is_payable
        for item in order.orderitem_set
        if item.is_cancellable
    )


if __name__ == "__main__":
    shop()
    look_up()
    sell()
