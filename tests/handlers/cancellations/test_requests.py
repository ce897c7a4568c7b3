"""Operations of openapi/cancellations/requests.yaml over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.cancellations import CancellationReason, CancellationType
from domain.orders.orders import Order
from domain.orders.states import OrderState
from tests.support.application import Clients, Shop
from tests.support.builders import make_easy_return_company, make_item, make_payment_option

SINGLE = "/users/orders/cancellation_requests/"
BULK = "/users/orders/bulk_cancellation_requests/"
IBAN = "TR33 0006 1005 1978 6457 8413 26"
SLOT = {
    "date": (datetime.now(UTC) + timedelta(days=3)).date().isoformat(),
    "hour_range": {"start": "09:00", "end": "12:00"},
}


@pytest.fixture
def reason(shop: Shop) -> CancellationReason:
    return shop.reason()


@pytest.fixture
def order(shop: Shop, shopper: User) -> Order:
    """Two lines of three units each, waiting."""
    items = [make_item(line=line, quantity=3, price=9999) for line in (1, 2)]
    return shop.order(shopper, items=items)


@pytest.fixture
def draft(order: Order, reason: CancellationReason) -> dict[str, Any]:
    """The body to cancel the first line."""
    return {
        "order_item": order.items[0].pk,
        "reason": reason.pk,
        "cancellation_type": "cancel",
    }


@pytest.fixture
def delivered(shop: Shop, shopper: User) -> Order:
    """Paid by bank transfer, with a line that a carrier collects."""
    item = make_item(
        state=OrderState.DELIVERED,
        delivered_date=datetime.now(UTC) - timedelta(days=1),
        easy_return_companies=[make_easy_return_company(requires_pickup_address=True)],
    )
    option = make_payment_option(payment_type="funds_transfer", slug="funds-transfer")
    return shop.order(shopper, items=[item], payment_option=option, state=OrderState.DELIVERED)


@pytest.fixture
def refund(shop: Shop, delivered: Order) -> dict[str, Any]:
    """The body to return the delivered line with a pickup."""
    [item] = delivered.items
    return {
        "order_item": str(item.pk),
        "reason": str(shop.reason(CancellationType.REFUND).pk),
        "cancellation_type": "refund",
        "shipping_company": item.easy_return_companies[0].pk,
        "pickup_address": delivered.shipping_address.pk,
        "pickup_date": SLOT,
        "iban": IBAN,
        "holder_name": "Ayşe Yılmaz",
    }


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
