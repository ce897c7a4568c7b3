"""Clients that send a session's key in place of cookies."""

from typing import Any

from starlette.testclient import TestClient

from domain.orders.cancellations import CancellationReason
from domain.orders.orders import Order
from tests.support.application import Clients

LOOK_UP = "/users/orders/anonymous/"
REQUESTS = "/users/orders/cancellation_requests/"
GUEST_REQUESTS = "/users/orders/anonymous/cancellation_requests/"


def key_header(key: str) -> dict[str, str]:
    return {"Authorization": f"Session {key}"}


def by_key(clients: Clients, key: str) -> TestClient:
    client = clients.new()
    client.headers.update(key_header(key))
    return client


def look_up(client: TestClient, order: Order) -> Any:
    return client.post(LOOK_UP, json={"email": order.user_email, "order": order.number})


def draft(order: Order, reason: CancellationReason) -> dict[str, Any]:
    return {
        "order_item": order.items[0].pk,
        "reason": reason.pk,
        "cancellation_type": "cancel",
        "quantity": 1,
    }
