"""`Idempotency-Key`, over HTTP."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from handlers.rendering.records import Records
from tests.support.application import Clients, Shop
from tests.support.builders import make_item

SINGLE = "/users/orders/cancellation_requests/"
BULK = "/users/orders/bulk_cancellation_requests/"
LOOK_UP = "/users/orders/anonymous/"
ANONYMOUS = "/users/orders/anonymous/cancellation_requests/"


@pytest.fixture
def draft(shop: Shop, shopper: User) -> dict[str, Any]:
    """The body to cancel one unit of three."""
    order = shop.order(shopper, items=[make_item(quantity=3, price=9999)])
    return {
        "order_item": order.items[0].pk,
        "reason": shop.reason().pk,
        "cancellation_type": "cancel",
        "quantity": 1,
    }


def send(
    client: TestClient, body: dict[str, Any], key: str = "k-1", path: str = SINGLE, **headers: str
) -> Any:
    return client.post(path, json=body, headers={"Idempotency-Key": key, **headers})


def count(client: TestClient) -> int:
    number: int = client.get(SINGLE).json()["count"]
    return number


class TestKey:
    def test_gets_the_first_response_again(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        first, second = send(cancelling, draft), send(cancelling, draft)

        assert (first.status_code, second.status_code) == (200, 200)
        assert first.content == second.content
        assert "idempotent-replay" not in first.headers
        assert second.headers["idempotent-replay"] == "true"
        assert count(cancelling) == 1

    def test_gets_a_refusal_of_the_rules_again(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        send(cancelling, draft)
        first, second = (send(cancelling, draft, "k-2") for _ in range(2))

        assert (first.status_code, second.status_code) == (406, 406)
        assert first.content == second.content
        assert second.headers["idempotent-replay"] == "true"

    def test_may_be_repeated_with_a_corrected_body(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        assert send(cancelling, draft | {"quantity": 4}).status_code == 400
        response = send(cancelling, draft)

        assert (response.status_code, "idempotent-replay" in response.headers) == (200, False)

    def test_accepts_equal_json_in_another_order(
        self, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        send(cancelling, draft)
        turned = dict(reversed(draft.items()))

        assert send(cancelling, turned).headers["idempotent-replay"] == "true"

    @pytest.mark.parametrize("path", [SINGLE, BULK])
    def test_belongs_to_one_request(
        self, cancelling: TestClient, draft: dict[str, Any], path: str
    ) -> None:
        send(cancelling, draft)
        other = draft | {"cancel_order_items": [draft], "description": "?"}
        response = send(cancelling, other, path=path)

        assert (response.status_code, response.json()["error_code"]) == (
            422,
            "idempotency_key_reused",
        )

    def test_belongs_to_one_operation(self, cancelling: TestClient, draft: dict[str, Any]) -> None:
        both = draft | {"cancel_order_items": [draft], "description": "?"}
        first, second = (send(cancelling, both, path=path) for path in (SINGLE, BULK))

        assert first.status_code == 200
        assert (second.status_code, second.json()["error_code"]) == (422, "idempotency_key_reused")

    def test_belongs_to_one_look_up_of_a_guest(self, clients: Clients, shop: Shop) -> None:
        guest = shop.user(user_type=UserType.GUEST, email="guest@example.com")
        reason = shop.reason().pk
        responses = []
        for number in ("N-1", "N-2"):
            order = shop.order(guest, number=number, user_email=guest.email)
            client = clients.new()
            client.post(LOOK_UP, json={"email": guest.email, "order": number})
            token = client.cookies["csrftoken"]
            pk = order.items[0].pk
            body = {"order_item": pk, "reason": reason, "cancellation_type": "cancel"}
            responses.append(send(client, body, path=ANONYMOUS, **{"x-csrftoken": token}))

        assert [response.status_code for response in responses] == [200, 200]
        assert not any("idempotent-replay" in response.headers for response in responses)

    def test_belongs_to_one_caller(
        self, clients: Clients, shop: Shop, cancelling: TestClient, draft: dict[str, Any]
    ) -> None:
        send(cancelling, draft)
        other = clients.posting(shop.session(shop.user()))
        response = send(other, draft)

        assert (response.status_code, set(response.json())) == (400, {"order_item", "error_code"})

    @pytest.mark.parametrize("key", ["", "a" * 256, "a,b", "ş"])
    def test_is_refused_if_invalid(
        self, cancelling: TestClient, draft: dict[str, Any], key: str
    ) -> None:
        headers = {b"Idempotency-Key": key.encode()}
        response = cancelling.post(SINGLE, json=draft, headers=headers)

        assert (response.status_code, set(response.json())) == (
            400,
            {"Idempotency-Key", "error_code"},
        )
        assert count(cancelling) == 0

    def test_is_refused_if_repeated(self, cancelling: TestClient, draft: dict[str, Any]) -> None:
        twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
        response = cancelling.post(SINGLE, json=draft, headers=twice)

        assert (response.status_code, set(response.json())) == (
            400,
            {"Idempotency-Key", "error_code"},
        )

    def test_of_an_anonymous_client_is_not_stored(
        self, client: TestClient, draft: dict[str, Any]
    ) -> None:
        drafts = [draft | {"quantity": number} for number in (1, 2)]
        responses = [send(client, draft, path=ANONYMOUS) for draft in drafts]

        assert [response.status_code for response in responses] == [400, 400]


class TestAnswer:
    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}], ids=str)
    def test_that_breaks_the_contract_undoes_the_work(
        self,
        cancelling: TestClient,
        draft: dict[str, Any],
        headers: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Records, "__call__", lambda *_: {"pk": "1"})
            broken = cancelling.post(SINGLE, json=draft, headers=headers)

        assert (broken.status_code, broken.json()["error_code"]) == (500, "internal_error")
        assert count(cancelling) == 0
        assert cancelling.post(SINGLE, json=draft, headers=headers).status_code == 200
