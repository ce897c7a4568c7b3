"""Uses Waybill by the Python client of openapi-generator, as a shopper, a guest and a seller."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from openapi_client import (
    ApiClient,
    ApiError,
    ApiException,
    CancellationDraft,
    CancellationsApi,
    CancellationType,
    Configuration,
    ErrorCode,
    LoginCredentials,
    OrderLookUp,
    OrdersApi,
    SellerRejection,
    SellersApi,
    SellerStatus,
    SessionsApi,
    UserOrder,
)

URL = os.environ["WAYBILL_URL"]
LAST_YEAR = datetime.now(UTC) - timedelta(days=365)


def shop() -> None:
    """The requests of a shopper."""
    credentials = LoginCredentials(
        email=os.environ["SHOPPER_EMAIL"], password=os.environ["SHOPPER_PASSWORD"]
    )
    user = SessionsApi(ApiClient(Configuration(host=URL))).log_in(credentials)
    session, prefix = {"SessionKey": user.key}, {"SessionKey": "Session"}
    client = ApiClient(Configuration(host=URL, api_key=session, api_key_prefix=prefix))
    orders, cancellations = OrdersApi(client), CancellationsApi(client)

    page = orders.list_user_orders(limit=5)
    assert len(page.results) == 5
    recent = orders.list_user_orders(created_date__gte=LAST_YEAR, limit=100)
    order, item = first_cancellable(recent.results)
    assert orders.get_user_order(order.pk).number == order.number

    reasons = cancellations.list_cancellation_reasons(cancellation_type=CancellationType.CANCEL)
    draft = cancel(item, reasons.results[0].pk)
    key = str(uuid4())
    created = cancellations.create_cancellation_request(draft, idempotency_key=key)
    replayed = cancellations.create_cancellation_request_with_http_info(draft, idempotency_key=key)
    assert replayed.data.pk == created.pk
    assert replayed.headers is not None
    assert replayed.headers["idempotent-replay"] == "true"

    requests = cancellations.list_cancellation_requests()
    assert created.pk in [request.pk for request in requests.results]
    assert refusal_of(lambda: orders.get_user_order(2**40)) is ErrorCode.NOT_FOUND
    SessionsApi(client).log_out()
    assert refusal_of(orders.list_user_orders) is ErrorCode.NOT_AUTHENTICATED


def look_up() -> None:
    """The requests of a guest."""
    guest_order = OrdersApi(ApiClient(Configuration(host=URL))).look_up_anonymous_order(
        OrderLookUp(email=os.environ["GUEST_EMAIL"], order=os.environ["GUEST_NUMBER"])
    )
    session, prefix = {"SessionKey": guest_order.key}, {"SessionKey": "Session"}
    client = ApiClient(Configuration(host=URL, api_key=session, api_key_prefix=prefix))
    cancellations = CancellationsApi(client)

    _, item = first_cancellable(guest_order.results)
    reasons = cancellations.list_cancellation_reasons(cancellation_type=CancellationType.CANCEL)
    created = cancellations.create_anonymous_cancellation_request(
        cancel(item, reasons.results[0].pk), idempotency_key=str(uuid4())
    )
    assert created.order_item == item


def sell() -> None:
    """The requests of a seller's system."""
    json = {"JsonContentType": "application/json"}
    token = os.environ["SELLER_TOKEN"]
    sellers = SellersApi(ApiClient(Configuration(host=URL, access_token=token, api_key=json)))

    page = sellers.list_seller_order_items(
        order__number__icontains="0", status=SellerStatus.APPROVED, created_at__gte=LAST_YEAR
    )
    item = page.results[0].id
    rejection = SellerRejection(reason="Out of stock")
    rejected = sellers.reject_seller_order_item_with_http_info(item, seller_rejection=rejection)
    assert rejected.status_code == 204


def refusal_of(call: Callable[[], object]) -> ErrorCode | None:
    """The error with which the server refuses the call."""
    try:
        call()
    except ApiException as refusal:
        if isinstance(refusal.data, ApiError):
            return refusal.data.error_code
    raise AssertionError("It is not refused.")


def cancel(item: int, reason: int) -> CancellationDraft:
    """A request to cancel one unit of the item."""
    return CancellationDraft(
        order_item=item, reason=reason, cancellation_type=CancellationType.CANCEL, quantity=1
    )


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
