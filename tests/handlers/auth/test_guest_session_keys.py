"""Keys of guests' sessions, from the look-up of an order."""

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from domain.orders.cancellations import CancellationReason
from domain.orders.orders import Order
from tests.support.application import Clients, Shop
from tests.support.session_keys import GUEST_REQUESTS, by_key, draft, key_header, look_up

ORDERS, REASONS = "/users/orders/", "/users/orders/cancellation_reasons/"
LOGOUT = "/users/logout/"


@pytest.fixture
def reason(shop: Shop) -> CancellationReason:
    return shop.reason()


@pytest.fixture
def guest_order(shop: Shop) -> Order:
    guest = shop.user(user_type=UserType.GUEST, email="guest@example.com")
    return shop.order(guest, user_email="guest@example.com")


class TestGuests:
    def test_get_a_key_from_the_look_up(
        self, clients: Clients, guest_order: Order, reason: CancellationReason
    ) -> None:
        answer = look_up(clients.new(), guest_order)
        client = by_key(clients, answer.json()["key"])

        assert answer.headers["cache-control"] == "no-store"
        assert client.get(REASONS).status_code == 200
        assert client.post(GUEST_REQUESTS, json=draft(guest_order, reason)).status_code == 200

    def test_get_the_csrf_token_of_their_cookie(
        self, client: TestClient, guest_order: Order, reason: CancellationReason
    ) -> None:
        document = look_up(client, guest_order).json()

        answer = client.post(
            GUEST_REQUESTS,
            json=draft(guest_order, reason),
            headers={"x-csrftoken": document["csrf_token"]},
        )

        assert answer.status_code == 200
        assert document["key"] == client.cookies["ordergrant"]

    def test_have_no_access_to_shoppers_operations_by_key(
        self, clients: Clients, guest_order: Order
    ) -> None:
        client = by_key(clients, look_up(clients.new(), guest_order).json()["key"])

        for path in (ORDERS, f"{ORDERS}{guest_order.pk}/", "/current_user/"):
            assert client.get(path).status_code == 401

    def test_find_nothing_with_the_key_of_a_session(
        self, clients: Clients, shop: Shop, shopper: User, reason: CancellationReason
    ) -> None:
        order = shop.order(shopper)

        answer = by_key(clients, shop.session(shopper)).post(
            GUEST_REQUESTS, json=draft(order, reason)
        )

        assert (answer.status_code, set(answer.json())) == (400, {"order_item", "error_code"})

    def test_find_nothing_with_an_invalid_key_and_a_valid_cookie(
        self, client: TestClient, guest_order: Order, reason: CancellationReason
    ) -> None:
        look_up(client, guest_order)

        answer = client.post(
            GUEST_REQUESTS, json=draft(guest_order, reason), headers=key_header("x")
        )

        assert (answer.status_code, set(answer.json())) == (400, {"order_item", "error_code"})

    def test_look_up_again_with_a_key_and_without_a_csrf_token(
        self, clients: Clients, guest_order: Order
    ) -> None:
        key = look_up(clients.new(), guest_order).json()["key"]

        assert look_up(by_key(clients, key), guest_order).status_code == 200

    def test_repeat_a_request_by_cookie_after_the_key(
        self, client: TestClient, guest_order: Order, reason: CancellationReason
    ) -> None:
        document = look_up(client, guest_order).json()
        once = {"Idempotency-Key": "once"}
        body = draft(guest_order, reason)

        first = client.post(GUEST_REQUESTS, json=body, headers=once | key_header(document["key"]))
        again = client.post(
            GUEST_REQUESTS, json=body, headers=once | {"x-csrftoken": document["csrf_token"]}
        )

        assert first.status_code == again.status_code == 200
        assert again.headers["idempotent-replay"] == "true"
        assert again.content == first.content

    def test_can_not_log_out_by_key(self, clients: Clients, guest_order: Order) -> None:
        key = look_up(clients.new(), guest_order).json()["key"]

        assert by_key(clients, key).post(LOGOUT).status_code == 401
