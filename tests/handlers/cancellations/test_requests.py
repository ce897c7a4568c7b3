"""Operations of openapi/cancellations/requests.yaml over HTTP."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.orders import Order
from tests.handlers.cancellations.conftest import IBAN, SLOT
from tests.support.application import Clients, Shop

SINGLE = "/users/orders/cancellation_requests/"
BULK = "/users/orders/bulk_cancellation_requests/"


class TestCreateCancellationRequest:
    def test_opens_a_request_for_all_remaining_units(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        response = cancelling.post(SINGLE, json=draft, headers={"Accept-Language": "tr"})

        assert response.status_code == 200
        opened = response.json()
        assert opened["status"] == {"value": "open", "label": "Açık"}
        assert {name: opened[name] for name in draft} == draft
        assert (opened["quantity"], opened["easy_return"]) == (3, None)
        assert cancelling.get(SINGLE).json()["results"][0]["pk"] == opened["pk"]

    def test_is_shown_in_the_order_immediately(
        self, cancelling: TestClient, draft: dict[str, Any], order: Order
    ) -> None:
        before = cancelling.get(f"/users/orders/{order.pk}/").json()
        opened = cancelling.post(SINGLE, json=draft | {"quantity": 1}).json()
        after = cancelling.get(f"/users/orders/{order.pk}/").json()

        first = after["orderitem_set"][0]
        assert before["orderitem_set"][0]["is_cancellable"]
        assert not first["is_cancellable"]
        assert first["active_cancellation_request"]["pk"] == opened["pk"]
        assert [request["pk"] for request in first["cancellationrequest_set"]] == [opened["pk"]]

    def test_creates_an_easy_return_for_a_refund_with_a_carrier(
        self, cancelling: TestClient, refund: dict[str, Any]
    ) -> None:
        opened = cancelling.post(SINGLE, json=refund).json()

        assert opened["iban"] == IBAN.replace(" ", "")
        way_back = opened["easy_return"]
        assert way_back["shipping_company"] == {"value": "yurtici", "label": "Yurtiçi Kargo"}
        assert (way_back["status"]["value"], way_back["pickup_date"]) == ("active", SLOT)
        assert way_back["code"].isdigit()
        assert way_back["start_date"] is not None

    def test_requires_a_pickup_address_with_the_documented_message(
        self, cancelling: TestClient, refund: dict[str, Any]
    ) -> None:
        response = cancelling.post(SINGLE, json=refund | {"pickup_address": None})

        assert (response.status_code, response.json()) == (
            406,
            {
                "non_field_errors": "Pickup address is required.",
                "error_code": "cancellation_request_100_8",
            },
        )

    @pytest.mark.parametrize(
        ("language", "reason_text"),
        [
            ("en", "A pickup needs a shipping company."),
            ("tr", "Teslim alma için bir kargo şirketi gerekir."),
        ],
    )
    def test_refuses_a_pickup_without_a_carrier(
        self, cancelling: TestClient, refund: dict[str, Any], language: str, reason_text: str
    ) -> None:
        headers = {"Accept-Language": language}
        del refund["shipping_company"]

        single = cancelling.post(SINGLE, json=refund, headers=headers)
        address = refund.pop("pickup_address")
        rows = {"cancel_order_items": [refund], "pickup_address": address}
        bulk = cancelling.post(BULK, json=rows, headers=headers)

        refusal = {"shipping_company": reason_text, "error_code": "cancellation_request_100_18"}
        assert (single.status_code, single.json()) == (400, refusal)
        assert (bulk.status_code, bulk.json()) == (400, {"cancel_order_items": {"0": refusal}})
        assert cancelling.get(SINGLE).json()["count"] == 0

    def test_stores_null_for_an_empty_account_but_not_description(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        """As in the examples: null for absent fields, an empty text where one was sent."""
        empty = cancelling.post(
            SINGLE,
            json=draft | {"iban": " ", "holder_name": "", "description": "", "quantity": 1},
        ).json()
        second = draft | {"order_item": draft["order_item"] + 1}
        absent = cancelling.post(SINGLE, json=second).json()

        names = ("iban", "holder_name", "description")
        assert [empty[name] for name in names] == [None, None, ""]
        assert [absent[name] for name in names] == [None, None, None]

    def test_refuses_too_many_units_with_the_documented_message(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        response = cancelling.post(SINGLE, json=draft | {"quantity": 4})

        assert (response.status_code, response.json()) == (
            400,
            {
                "quantity": "Quantity can not be greater than order item quantity.",
                "error_code": "cancellation_request_100_5",
            },
        )

    def test_reports_all_unknown_ids_together(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        response = cancelling.post(SINGLE, json=draft | {"order_item": 10**9, "reason": 10**9})

        assert response.status_code == 400
        assert response.json() == {
            "order_item": "Order item not found.",
            "reason": "Cancellation reason not found.",
            "error_code": "cancellation_request_100_1",
        }

    def test_has_the_same_response_for_a_foreign_and_an_absent_item(
        self, shop: Shop, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        foreign = shop.order(shop.user()).items[0].pk

        responses = [
            cancelling.post(SINGLE, json=draft | {"order_item": pk}) for pk in (foreign, 10**9)
        ]

        assert responses[0].status_code == responses[1].status_code == 400
        assert responses[0].content == responses[1].content

    @pytest.mark.parametrize("iban", ["TR330006100519786457841327", "DE1"])
    def test_does_not_echo_an_invalid_iban(
        self,
        cancelling: TestClient,
        refund: dict[str, Any],
        iban: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        response = cancelling.post(SINGLE, json=refund | {"iban": iban})

        assert (response.status_code, response.json()) == (
            400,
            {"iban": "Enter a valid IBAN.", "error_code": "cancellation_request_100_14"},
        )
        assert iban not in caplog.text

    def test_is_refused_the_second_time(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        cancelling.post(SINGLE, json=draft)
        again = cancelling.post(SINGLE, json=draft)

        assert (again.status_code, again.json()["error_code"]) == (
            406,
            "cancellation_request_100_6",
        )
        assert cancelling.get(SINGLE).json()["count"] == 1

    def test_needs_a_session_and_its_token(
        self, client: TestClient, clients: Clients, shop: Shop, shopper: User, draft: dict[str, Any]
    ) -> None:
        assert client.post(SINGLE, json=draft).status_code == 401
        forged = clients.new(shop.session(shopper)).post(SINGLE, json=draft)

        assert (forged.status_code, forged.json()["error_code"]) == (403, "csrf_failed")


class TestListCancellationRequests:
    def test_shows_own_requests_newest_first(
        self, clients: Clients, shop: Shop, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        pks = [
            cancelling.post(SINGLE, json=draft | {"order_item": item}).json()["pk"]
            for item in (draft["order_item"], draft["order_item"] + 1)
        ]
        page = cancelling.get(f"{SINGLE}?limit=1").json()

        assert (page["count"], page["previous"]) == (2, None)
        assert page["results"][0]["pk"] == pks[1]
        assert cancelling.get(page["next"]).json()["results"][0]["pk"] == pks[0]
        assert clients.new(shop.session(shop.user())).get(SINGLE).json()["count"] == 0

    def test_has_no_page_past_the_end(self, shopping: TestClient) -> None:
        assert shopping.get(SINGLE).json()["results"] == []
        response = shopping.get(f"{SINGLE}?page=2")

        assert (response.status_code, response.json()["detail"]) == (404, "Invalid page.")
