"""Pages for resetting a password, and the limits on requests."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from persistence.database import Database
from tests.support.application import Shop
from tests.support.password_resets import (
    EMAIL,
    HTML,
    LOGIN,
    NEW,
    OLD_HASH,
    PASSWORD,
    RESET,
    events,
    set_new,
    token_in,
)


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user(email=EMAIL, password_hash=OLD_HASH)


@pytest.fixture
def token(client: TestClient, shopper: User, deliver: Any) -> str:
    """The token in the link of the shopper's e-mail."""
    client.post(RESET, json={"email": EMAIL})
    return token_in(*deliver())


class TestLimits:
    @pytest.mark.parametrize("email", [EMAIL, "unknown@example.com"])
    def test_refuse_the_sixth_request_for_any_address(
        self, client: TestClient, shopper: User, email: str, database: Database
    ) -> None:
        responses = [client.post(RESET, json={"email": email}) for _ in range(6)]

        assert [response.status_code for response in responses] == [202] * 5 + [429]
        assert responses[-1].json()["error_code"] == "too_many_attempts"
        assert 890 <= int(responses[-1].headers["Retry-After"]) <= 900
        assert len(events(database)) == 5

    def test_are_shown_on_the_page(self, client: TestClient) -> None:
        for _ in range(5):
            client.post(RESET, data={"email": EMAIL})

        response = client.post(RESET, data={"email": EMAIL})

        assert response.status_code == 429
        assert "Too many attempts. Try again later." in response.text
        assert 'action="/users/password/reset/"' in response.text

    def test_refuse_the_fifty_first_request_from_a_network_address(
        self, client: TestClient
    ) -> None:
        responses = [client.post(RESET, json={"email": f"{n}@example.com"}) for n in range(51)]

        assert [response.status_code for response in responses] == [202] * 50 + [429]


class TestPages:
    def test_link_from_the_login_to_the_form(self, client: TestClient) -> None:
        assert f'<a href="{RESET}">Forgot your password?</a>' in client.get(LOGIN).text
        assert f'action="{RESET}"' in client.get(RESET).text

    def test_show_the_form_every_time_a_link_is_opened(
        self, client: TestClient, token: str
    ) -> None:
        opened = [client.get(PASSWORD, params={"token": token}) for _ in range(3)]

        assert {response.status_code for response in opened} == {200}
        assert f'name="token" value="{token}"' in opened[0].text
        assert opened[0].headers["Referrer-Policy"] == "same-origin"
        assert opened[0].headers["Cache-Control"] == "no-store"
        assert set_new(client, token).status_code == 200

    @pytest.mark.parametrize("token", ["x", "0" * 32 + ".x", "...", "ş x>", "x" * 200])
    def test_show_that_a_link_is_no_longer_valid(self, client: TestClient, token: str) -> None:
        page = client.get(PASSWORD, params={"token": token}, headers=HTML)
        form = client.post(PASSWORD, data={"token": token, "password": NEW})
        json = set_new(client, token)

        assert {page.status_code, form.status_code, json.status_code} == {410}
        for shown in (page, form):
            assert "<h1>This link is no longer valid</h1>" in shown.text
            assert f'href="{RESET}"' in shown.text
        assert json.json()["error_code"] == "link_expired"

    def test_show_the_form_again_for_a_short_password(self, client: TestClient, token: str) -> None:
        fields = {"token": token, "password": "short"}

        response = client.post(PASSWORD, data=fields, headers={"Accept-Language": "tr"})

        assert response.status_code == 400
        assert "8" in response.text.split('role="alert">')[1].split("<")[0]
        assert f'name="token" value="{token}"' in response.text
        assert set_new(client, token).status_code == 200

    def test_show_that_the_password_is_set(self, client: TestClient, token: str) -> None:
        response = client.post(PASSWORD, data={"token": token, "password": NEW})

        assert response.status_code == 200
        assert "<h1>Your password has been changed</h1>" in response.text
        assert f'href="{LOGIN}"' in response.text
