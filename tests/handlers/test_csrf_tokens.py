from starlette.testclient import TestClient

from domain.users import User
from tests.application import Clients, Shop

TOKEN = "/csrf_token/"


class TestGetCsrfToken:
    def test_gives_one_token_in_the_body_and_in_a_cookie(self, client: TestClient) -> None:
        response = client.get(TOKEN)

        assert response.json() == {"csrf_token": client.cookies["csrftoken"]}

    def test_gives_the_same_again(self, client: TestClient) -> None:
        assert client.get(TOKEN).json() == client.get(TOKEN).json()

    def test_gives_everybody_their_own(self, clients: Clients) -> None:
        assert clients.new().get(TOKEN).json() != clients.new().get(TOKEN).json()

    def test_gives_what_the_session_may_change_things_with(self, shopping: TestClient) -> None:
        token = shopping.get(TOKEN).json()["csrf_token"]

        response = shopping.post("/users/logout/", headers={"x-csrftoken": token})

        assert response.status_code == 204

    def test_gives_what_is_worth_nothing_to_another_session(
        self, clients: Clients, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        token = shopping.get(TOKEN).json()["csrf_token"]
        other = clients.new(shop.session(shopper))
        other.cookies.set("csrftoken", token)

        assert other.post("/users/logout/", headers={"x-csrftoken": token}).status_code == 403
        assert other.get(TOKEN).json()["csrf_token"] != token
