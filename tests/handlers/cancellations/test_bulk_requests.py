"""Bulk requests for rows, and for all lines of one order, over HTTP."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.orders import Order
from tests.support.application import Clients, Shop

SINGLE = "/users/orders/cancellation_requests/"
BULK = "/users/orders/bulk_cancellation_requests/"


class TestCreateBulkCancellationRequests:
    def test_opens_all_in_the_order_of_the_rows(
        self, cancelling: TestClient, draft: dict[str, Any], order: Order
    ) -> None:
        rows = [draft | {"order_item": item.pk, "note": "unknown"} for item in order.items[::-1]]
        body = {"cancel_order_items": rows, "fully_refund_as_loyalty_money": True, "x": 1}
        response = cancelling.post(BULK, json=body)

        assert response.status_code == 201
        opened = response.json()
        assert [request["order_item"] for request in opened] == [row["order_item"] for row in rows]
        assert [request["fully_refund_as_loyalty_money"] for request in opened] == [True, True]

    def test_opens_none_if_one_row_is_invalid(
        self, cancelling: TestClient, draft: dict[str, Any], refund: dict[str, Any]
    ) -> None:
        rows = [draft, draft | {"order_item": 10**9}, draft, refund | {"pickup_address": None}]
        response = cancelling.post(BULK, json={"cancel_order_items": rows})

        assert response.status_code == 400
        assert response.json() == {
            "cancel_order_items": {
                "1": {
                    "order_item": "Order item not found.",
                    "error_code": "cancellation_request_100_1",
                },
                "2": {
                    "order_item": "This order item is in the list already.",
                    "error_code": "cancellation_request_100_16",
                },
                "3": {
                    "non_field_errors": "Pickup address is required.",
                    "error_code": "cancellation_request_100_8",
                },
            }
        }
        assert cancelling.get(SINGLE).json()["count"] == 0

    def test_is_406_if_rows_are_only_in_the_wrong_state(
        self, cancelling: TestClient, refund: dict[str, Any]
    ) -> None:
        rows = [refund | {"pickup_address": None}]
        response = cancelling.post(BULK, json={"cancel_order_items": rows})

        assert response.status_code == 406
        assert list(response.json()["cancel_order_items"]) == ["0"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "cancel_order_items"),
            ({"cancel_order_items": []}, "cancel_order_items"),
            ({"cancel_order_items": [{}] * 101}, "cancel_order_items"),
            ({"cancel_order_items": [{"reason": "x"}]}, "cancel_order_items"),
        ],
    )
    def test_refuses_an_invalid_body(
        self, cancelling: TestClient, body: dict[str, Any], field: str
    ) -> None:
        response = cancelling.post(BULK, json=body)

        assert (response.status_code, set(response.json())) == (400, {field, "error_code"})

    def test_accepts_one_address_for_all_rows(
        self, cancelling: TestClient, refund: dict[str, Any]
    ) -> None:
        address = refund.pop("pickup_address")
        body = {"cancel_order_items": [refund], "pickup_address": str(address)}

        assert cancelling.post(BULK, json=body).status_code == 201


class TestCancelOrder:
    def test_opens_requests_like_a_bulk(
        self, cancelling: TestClient, draft: dict[str, Any], order: Order
    ) -> None:
        """The body is that of the platform's storefronts."""
        texts = {"order_item": str(draft["order_item"]), "reason": str(draft["reason"])}
        body = {"return_policy": True, "cancel_order_items": [draft | texts | {"description": ""}]}

        response = cancelling.post(f"/orders/{order.pk}/cancel/", json=body)

        assert response.status_code == 201
        [opened] = response.json()
        assert {name: opened[name] for name in draft} == draft
        assert opened == cancelling.get(SINGLE).json()["results"][0]

    @pytest.mark.parametrize("policy", [False, None, "yes", 1, {}])
    def test_ignores_the_return_policy(
        self, cancelling: TestClient, draft: dict[str, Any], order: Order, policy: Any
    ) -> None:
        body = {"return_policy": policy, "cancel_order_items": [draft]}

        assert cancelling.post(f"/orders/{order.pk}/cancel/", json=body).status_code == 201

    def test_has_the_same_response_for_items_of_other_orders_and_absent_ones(
        self, shop: Shop, shopper: User, cancelling: TestClient, draft: dict[str, Any], order: Order
    ) -> None:
        own, foreign = shop.order(shopper), shop.order(shop.user())
        statuses_of_requests = [
            (order.pk, own.items[0].pk),
            (order.pk, foreign.items[0].pk),
            (order.pk, 10**9),
            (own.pk, draft["order_item"]),
            (foreign.pk, foreign.items[0].pk),
            (10**9, draft["order_item"]),
            (2**63, draft["order_item"]),
        ]

        responses = [
            cancelling.post(
                f"/orders/{pk}/cancel/", json={"cancel_order_items": [draft | {"order_item": item}]}
            )
            for pk, item in statuses_of_requests
        ]

        assert {response.status_code for response in responses} == {400}
        assert len({response.content for response in responses}) == 1
        refusal = {
            "order_item": "Order item not found.",
            "error_code": "cancellation_request_100_1",
        }
        assert responses[0].json() == {"cancel_order_items": {"0": refusal}}
        assert cancelling.get(SINGLE).json()["count"] == 0

    def test_is_done_once_for_each_key_and_order(
        self, shop: Shop, shopper: User, cancelling: TestClient, draft: dict[str, Any], order: Order
    ) -> None:
        body, headers = {"cancel_order_items": [draft]}, {"Idempotency-Key": "k-1"}
        other = shop.order(shopper)

        first, second, elsewhere = (
            cancelling.post(f"/orders/{pk}/cancel/", json=body, headers=headers)
            for pk in (order.pk, order.pk, other.pk)
        )

        assert (first.status_code, second.status_code) == (201, 201)
        assert second.content == first.content
        assert second.headers["idempotent-replay"] == "true"
        assert (elsewhere.status_code, elsewhere.json()["error_code"]) == (
            422,
            "idempotency_key_reused",
        )

    @pytest.mark.parametrize("pk", ["x", "%201", "1.0"])
    def test_is_not_found_for_an_invalid_id(
        self, cancelling: TestClient, draft: dict[str, Any], pk: str
    ) -> None:
        response = cancelling.post(f"/orders/{pk}/cancel/", json={"cancel_order_items": [draft]})

        assert (response.status_code, response.json()["error_code"]) == (404, "not_found")

    def test_needs_a_session_and_its_token(
        self,
        client: TestClient,
        clients: Clients,
        shop: Shop,
        shopper: User,
        draft: dict[str, Any],
        order: Order,
    ) -> None:
        path, body = f"/orders/{order.pk}/cancel/", {"cancel_order_items": [draft]}

        assert client.post(path, json=body).status_code == 401
        forged = clients.new(shop.session(shopper)).post(path, json=body)
        assert (forged.status_code, forged.json()["error_code"]) == (403, "csrf_failed")
