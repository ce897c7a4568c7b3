from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from tests.support.application import Clients, Shop

PATH = "/current_user/"


class TestGetCurrentUser:
    def test_shows_the_user(self, clients: Clients, shop: Shop) -> None:
        user = shop.user(email="Ayse@example.com", first_name="Ayşe", last_name="Yılmaz")
        before = datetime.now(UTC)

        response = clients.new(shop.session(user)).get(PATH)

        document = response.json()
        last_login = datetime.fromisoformat(document.pop("last_login"))
        assert before - timedelta(seconds=1) <= last_login <= datetime.now(UTC)
        joined = user.created_date.isoformat(timespec="microseconds").replace("+00:00", "Z")
        assert document == {
            "pk": user.pk,
            "id": user.pk,
            "email": "Ayse@example.com",
            "hashed_email": sha256(b"ayse@example.com").hexdigest(),
            "first_name": "Ayşe",
            "last_name": "Yılmaz",
            "user_type": "registered",
            "date_joined": joined,
            "phone": None,
            "gender": None,
            "date_of_birth": None,
            "email_allowed": None,
            "sms_allowed": None,
        }
        assert response.headers["cache-control"] == "no-store"

    def test_shows_guests_too(self, clients: Clients, shop: Shop) -> None:
        guest = shop.user(user_type=UserType.GUEST)

        assert clients.new(shop.session(guest)).get(PATH).json()["user_type"] == "guest"

    def test_shows_the_start_of_the_newest_session(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        first = shop.session(shopper)
        before = clients.new(first).get(PATH).json()["last_login"]
        shop.session(shop.user())
        assert clients.new(first).get(PATH).json()["last_login"] == before

        shop.session(shopper)

        assert clients.new(first).get(PATH).json()["last_login"] > before

    @pytest.mark.parametrize("accept", ["*/*", "text/html"])
    def test_needs_a_session(self, client: TestClient, accept: str) -> None:
        response = client.get(PATH, headers={"Accept": accept})

        assert (response.status_code, response.json()["error_code"]) == (401, "not_authenticated")

    def test_accepts_a_session_key(self, clients: Clients, shop: Shop, shopper: User) -> None:
        headers = {"Authorization": f"Session {shop.session(shopper)}"}

        assert clients.new().get(PATH, headers=headers).json()["pk"] == shopper.pk
