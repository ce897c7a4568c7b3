import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from handlers.auth.passwords import Argon2Passwords
from tests.support.application import Clients, Shop

TOKEN = "/csrf_token/"


class TestGetCsrfToken:
    def test_returns_one_token_in_the_body_and_in_a_cookie(self, client: TestClient) -> None:
        response = client.get(TOKEN)

        assert response.json() == {"csrf_token": client.cookies["csrftoken"]}

    def test_returns_the_same_token_again(self, client: TestClient) -> None:
        assert client.get(TOKEN).json() == client.get(TOKEN).json()

    def test_returns_different_tokens_to_different_clients(self, clients: Clients) -> None:
        assert clients.new().get(TOKEN).json() != clients.new().get(TOKEN).json()

    def test_returns_a_token_that_is_valid_for_the_session(self, shopping: TestClient) -> None:
        token = shopping.get(TOKEN).json()["csrf_token"]

        response = shopping.post("/users/logout/", headers={"x-csrftoken": token})

        assert response.status_code == 204

    def test_returns_a_token_that_is_invalid_for_other_sessions(
        self, clients: Clients, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        token = shopping.get(TOKEN).json()["csrf_token"]
        other = clients.new(shop.session(shopper))
        other.cookies.set("csrftoken", token)

        assert other.post("/users/logout/", headers={"x-csrftoken": token}).status_code == 403
        assert other.get(TOKEN).json()["csrf_token"] != token

    @pytest.mark.parametrize("replaces", ["look-up", "login"])
    def test_is_replaced_by_a_login_and_by_a_look_up(
        self, client: TestClient, shop: Shop, replaces: str
    ) -> None:
        """The contract documents this for both: an earlier token is refused afterwards."""
        user = shop.user(
            user_type=UserType.GUEST if replaces == "look-up" else UserType.REGISTERED,
            password_hash=Argon2Passwords().hash("correct horse battery staple"),
        )
        order = shop.order(user, user_email=user.email)
        before = client.get(TOKEN).json()["csrf_token"]
        if replaces == "look-up":
            opening = {"email": user.email, "order": order.number}
            client.post("/users/orders/anonymous/", json=opening)
            path = "/users/orders/anonymous/cancellation_requests/"
        else:
            opening = {"email": user.email, "password": "correct horse battery staple"}
            client.post("/users/login/", json=opening)
            path = "/users/orders/cancellation_requests/"
        row = {
            "order_item": order.items[0].pk,
            "reason": shop.reason().pk,
            "cancellation_type": "cancel",
        }

        old = client.post(path, json=row, headers={"x-csrftoken": before})
        after = client.get(TOKEN).json()["csrf_token"]
        new = client.post(path, json=row, headers={"x-csrftoken": after})

        assert (old.status_code, old.json()["error_code"]) == (403, "csrf_failed")
        assert new.status_code == 200
        assert before != after == client.cookies["csrftoken"]
