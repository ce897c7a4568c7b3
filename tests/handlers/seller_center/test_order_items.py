"""Rejecting order items, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.sellers.sellers import Seller
from tests.support.application import Clients, Shop
from tests.support.builders import make_item, make_seller

ITEMS = "/api/i1/order-items/"
NOT_FOUND = {"detail": "Not found.", "error_code": "not_found"}


def reject(client: TestClient, item_id: object, **request: Any) -> Any:
    return client.post(f"{ITEMS}{item_id}/reject/", **request)


def status_of(client: TestClient, item_id: object) -> int:
    rows = client.get(f"{ITEMS}?limit=500").json()["results"]
    status: int = next(row["status"] for row in rows if row["id"] == str(item_id))
    return status


@pytest.fixture
def order(shop: Shop, shopper: User, seller: Seller) -> Order:
    """An order with two of the seller's lines and one of another seller."""
    items = [make_item(line=at, seller=seller, quantity=2) for at in (1, 2)]
    return shop.order(shopper, items=[*items, make_item(line=3, seller=make_seller())])


@pytest.fixture
def item_id(order: Order) -> str:
    return str(order.items[0].uuid)


class TestReject:
    @pytest.mark.parametrize(
        "request_",
        [
            {},
            {"json": {}},
            {"json": {"reason": "Out of stock"}},
            {"json": {"reason": None, "more": 1}},
            {"json": {"reason": ""}},
        ],
        ids=str,
    )
    def test_accepts_an_optional_reason(
        self, trading: TestClient, item_id: str, request_: dict[str, Any]
    ) -> None:
        response = reject(trading, item_id, **request_)

        assert (response.status_code, response.content) == (204, b"")
        assert "content-type" not in response.headers
        assert status_of(trading, item_id) == 900

    def test_has_no_effect_the_second_time(self, trading: TestClient, item_id: str) -> None:
        assert [reject(trading, item_id).status_code for _ in range(3)] == [204, 204, 204]

        plans = trading.get("/api/i1/cancellation-plans/").json()
        assert [plan["order_items"] for plan in plans["results"]] == [[item_id]]

    @pytest.mark.parametrize(
        "state", [OrderState.PACKAGED, OrderState.SHIPPED, OrderState.DELIVERED]
    )
    def test_refuses_packaged_items(
        self, trading: TestClient, shop: Shop, shopper: User, seller: Seller, state: OrderState
    ) -> None:
        order = shop.order(shopper, items=[make_item(seller=seller, state=state)])

        response = reject(trading, order.items[0].uuid)

        assert (response.status_code, response.json()["error_code"]) == (400, "item_not_rejectable")

    def test_does_not_find_items_of_another_seller(self, trading: TestClient, order: Order) -> None:
        foreign, absent = reject(trading, order.items[2].uuid), reject(trading, uuid4())

        assert (foreign.status_code, foreign.json()) == (404, NOT_FOUND)
        assert foreign.content == absent.content
        ignored = {"x-request-id", "date"}
        assert {name: foreign.headers[name] for name in foreign.headers if name not in ignored} == {
            name: absent.headers[name] for name in absent.headers if name not in ignored
        }

    @pytest.mark.parametrize("item_id", ["00000000-0000-0000-0000-000000000000", "5", "x"])
    def test_does_not_find_an_invalid_id(self, trading: TestClient, item_id: str) -> None:
        assert reject(trading, item_id).status_code == 404

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"{", {"detail": "The request body is malformed."}),
            (b"[]", {"detail": "A valid object is required."}),
            (b"[" * 10_000, {"detail": "The request body is malformed."}),
            (b'{"reason": 5}', {"reason": "A valid string is required."}),
            (b'{"reason": "\\u0000"}', {"detail": "The request body is malformed."}),
            (
                b'{"reason": "%s"}' % (b"x" * 1001),
                {"reason": "Must be at most 1000 characters long."},
            ),
        ],
        ids=lambda value: str(value)[:24],
    )
    def test_refuses_an_invalid_body(
        self, trading: TestClient, item_id: str, body: bytes, expected: dict[str, str]
    ) -> None:
        response = reject(trading, item_id, content=body)

        assert response.status_code == 400
        assert expected.items() <= response.json().items()
        assert status_of(trading, item_id) == 100


class TestKey:
    def test_gets_the_first_response_again(self, trading: TestClient, item_id: str) -> None:
        headers = {"Idempotency-Key": "k-1"}

        first, second = (reject(trading, item_id, headers=headers) for _ in range(2))

        assert (first.status_code, second.status_code) == (204, 204)
        assert "idempotent-replay" not in first.headers
        assert second.headers["idempotent-replay"] == "true"

    def test_belongs_to_one_item(self, trading: TestClient, order: Order) -> None:
        headers = {"Idempotency-Key": "k-1"}
        first, second = (reject(trading, item.uuid, headers=headers) for item in order.items[:2])

        assert (first.status_code, second.status_code) == (204, 422)
        assert status_of(trading, order.items[1].uuid) == 100

    def test_belongs_to_one_seller(
        self, trading: TestClient, clients: Clients, shop: Shop, order: Order
    ) -> None:
        other = order.items[2].seller
        assert other is not None
        headers = {"Idempotency-Key": "k-1"}

        assert reject(trading, order.items[0].uuid, headers=headers).status_code == 204
        response = reject(clients.selling(shop.token(other)), order.items[2].uuid, headers=headers)
        assert (response.status_code, "idempotent-replay" in response.headers) == (204, False)

    def test_is_not_used_up_by_an_invalid_body(self, trading: TestClient, item_id: str) -> None:
        headers = {"Idempotency-Key": "k-1"}

        assert reject(trading, item_id, headers=headers, json={"reason": 5}).status_code == 400
        assert reject(trading, item_id, headers=headers, json={}).status_code == 204
