"""Logging out by a form, like pages and clients of the platform."""

import re

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from tests.support.application import Clients, Shop

LOGOUT, ORDERS = "/users/logout", "/users/orders/"
FIELD = re.compile(r"name=['|\"]csrfmiddlewaretoken['|\"] value=['|\"](\w+)")


def token_of(page: str) -> str:
    """The token in a page, found like the platform's storefront does."""
    found = FIELD.search(page)
    assert found
    return found[1]


class TestShowLogoutPage:
    def test_shows_a_form_with_a_valid_token(self, shopping: TestClient) -> None:
        page = shopping.get(LOGOUT, params={"next": "/redoc?a=1&b"})

        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-store"
        assert token_of(page.text) == shopping.cookies["csrftoken"]
        assert 'name="next" value="/redoc?a=1&amp;b"' in page.text
        assert shopping.get(ORDERS).status_code == 200

    @pytest.mark.parametrize(("query", "target"), [("", "/users/login/"), ("?next=/docs", "/docs")])
    def test_redirects_without_a_session(self, client: TestClient, query: str, target: str) -> None:
        response = client.get(LOGOUT + query)

        assert (response.status_code, response.headers["location"]) == (303, target)

    def test_refuses_to_redirect_to_another_site(self, shopping: TestClient) -> None:
        assert shopping.get(f"{LOGOUT}?next=//evil.example").status_code == 400


class TestLogOutByForm:
    def test_ends_the_session_in_the_two_steps_of_the_storefront(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        session = shop.session(shopper)
        cookies = f"sessionid={session}"
        first = clients.new().post(LOGOUT, headers={"Cookie": cookies})
        token = token_of(first.text)
        assert (first.status_code, first.headers["content-type"]) == (
            403,
            "text/html; charset=utf-8",
        )

        second = clients.new().post(
            LOGOUT,
            headers={"Cookie": f"csrftoken={token}; {cookies}"},
            data={"csrfmiddlewaretoken": token},
        )

        assert (second.status_code, second.headers["location"]) == (303, "/users/login/")
        assert clients.new(session).get(ORDERS).status_code == 401

    def test_redirects_to_next(self, cancelling: TestClient) -> None:
        form = {"csrfmiddlewaretoken": cancelling.headers.pop("x-csrftoken"), "next": "/docs"}

        response = cancelling.post(LOGOUT, data=form)

        assert (response.status_code, response.headers["location"]) == (303, "/docs")
        assert list(cancelling.cookies) == []

    def test_accepts_the_token_in_the_header(self, cancelling: TestClient) -> None:
        assert cancelling.post(LOGOUT).status_code == 303
        assert cancelling.get(ORDERS).status_code == 401

    @pytest.mark.parametrize("token", ["", "x", "ab" * 48])
    def test_shows_the_form_again_for_an_invalid_token(
        self, shopping: TestClient, token: str
    ) -> None:
        form = {"csrfmiddlewaretoken": token, "next": "/docs"}

        response = shopping.post(LOGOUT, data=form, headers={"Accept-Language": "tr"})

        assert response.status_code == 403
        assert "<h1>Çıkış yap</h1>" in response.text
        assert 'name="next" value="/docs"' in response.text
        assert shopping.get(ORDERS).status_code == 200
        again = form | {"csrfmiddlewaretoken": token_of(response.text)}
        assert shopping.post(LOGOUT, data=again).status_code == 303

    def test_refuses_to_redirect_to_another_site(self, cancelling: TestClient) -> None:
        response = cancelling.post(LOGOUT, data={"next": "//evil.example"})

        assert (response.status_code, set(response.json())) == (400, {"next", "error_code"})
        assert cancelling.get(ORDERS).status_code == 200

    def test_redirects_without_a_session(self, client: TestClient) -> None:
        response = client.post(LOGOUT)

        assert (response.status_code, response.headers["location"]) == (303, "/users/login/")

    def test_ends_the_session_of_a_key(self, clients: Clients, shop: Shop, shopper: User) -> None:
        session = shop.session(shopper)

        response = clients.new().post(LOGOUT, headers={"Authorization": f"Session {session}"})

        assert response.status_code == 303
        assert clients.new(session).get(ORDERS).status_code == 401
