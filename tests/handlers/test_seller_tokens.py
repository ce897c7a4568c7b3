"""Authentication and scopes of sellers' tokens."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.sellers.callers import Scope
from domain.sellers.sellers import Seller
from domain.sellers.tokens import list_seller_tokens, revoke_seller_token
from domain.shared.paging import PageRequest
from tests.support.application import Clients, Shop
from tests.support.seller_clients import LISTS, FakeSellerDatabase

ORDERS = "/api/i1/orders/"
REJECT = "/api/i1/order-items/33a11761-43bc-41d4-8f7f-1e860028367b/reject/"
NEEDED = {
    ORDERS: Scope.ORDERS_READ,
    "/api/i1/order-items/": Scope.ORDERS_READ,
    "/api/i1/cancellation-plans/": Scope.PLANS_READ,
    "/api/i1/customer-addresses/": Scope.ADDRESSES_READ,
    REJECT: Scope.ITEMS_REJECT,
}
REALM = 'Bearer realm="seller center"'
ANONYMOUS = {
    "detail": "Authentication credentials were not provided.",
    "error_code": "not_authenticated",
}


def method_of(path: str) -> str:
    return "POST" if path == REJECT else "GET"


class TestHeaders:
    @pytest.mark.parametrize("names", [["Authorization"], ["Authentication"], None])
    def test_either_or_both_are_accepted(
        self, selling: TestClient, names: list[str] | None
    ) -> None:
        value = selling.headers.pop("Authorization")

        headers = dict.fromkeys(names or ["Authorization", "Authentication"], value)
        assert selling.get(ORDERS, headers=headers).status_code == 200

    def test_with_different_tokens_are_refused(
        self, selling: TestClient, fake_database: FakeSellerDatabase
    ) -> None:
        other = f"Bearer {fake_database.token()}"

        response = selling.get(ORDERS, headers={"Authentication": other})

        assert (response.status_code, response.json()) == (401, ANONYMOUS)

    @pytest.mark.parametrize("text", ["", "Bearer", "Basic dTpw", "Token x", "Bearer a, Bearer a"])
    @pytest.mark.parametrize("path", NEEDED)
    def test_without_a_valid_token_are_refused(
        self, selling: TestClient, path: str, text: str
    ) -> None:
        response = selling.request(method_of(path), path, headers={"Authorization": text})

        assert (response.status_code, response.json()) == (401, ANONYMOUS)
        assert response.headers["www-authenticate"] == f'{REALM}, error="invalid_token"'


class TestTokens:
    @pytest.mark.parametrize("path", NEEDED)
    def test_are_required(self, selling: TestClient, path: str) -> None:
        del selling.headers["Authorization"]

        response = selling.request(method_of(path), path)

        assert (response.status_code, response.json()) == (401, ANONYMOUS)
        assert response.headers["www-authenticate"] == REALM

    def test_that_are_invalid_get_the_same_response(
        self, clients: Clients, shop: Shop, seller: Seller
    ) -> None:
        revoked = shop.token(seller)
        with shop.database.writing() as uow:
            [token] = list_seller_tokens(seller.slug, PageRequest(), uow).entries
            revoke_seller_token(token.pk, uow)
        values = [revoked, shop.token(seller, days=-1), "wbs_" + "A" * 43, "wbs_", "x"]

        responses = [clients.selling(value).get(ORDERS) for value in values]

        assert {response.status_code for response in responses} == {401}
        assert {response.headers["www-authenticate"] for response in responses} == {
            f'{REALM}, error="invalid_token"'
        }
        assert len({response.content for response in responses}) == 1

    def test_have_their_use_recorded_once_a_day(
        self, selling: TestClient, fake_database: FakeSellerDatabase
    ) -> None:
        for days in (0, 0, 1, 1):
            fake_database.now += timedelta(days=days)
            selling.get(ORDERS)

        used = [day for _, day in fake_database.seller_tokens.uses]
        assert len(used) == len(set(used)) == 3


class TestScopes:
    @pytest.mark.parametrize("scope", Scope)
    @pytest.mark.parametrize("path", LISTS)
    def test_give_access_only_to_their_operations(
        self, clients: Clients, fake_database: FakeSellerDatabase, path: str, scope: Scope
    ) -> None:
        response = clients.selling(fake_database.token(scopes=[scope])).get(path)

        assert response.status_code == (200 if scope is NEEDED[path] else 403)

    @pytest.mark.parametrize(("path", "needed"), NEEDED.items())
    def test_are_named_if_missing(
        self, clients: Clients, fake_database: FakeSellerDatabase, path: str, needed: Scope
    ) -> None:
        others = [scope for scope in Scope if scope is not needed]
        client = clients.selling(fake_database.token(scopes=others))

        response = client.request(method_of(path), path)

        assert (response.status_code, response.json()) == (
            403,
            {"detail": f"The token lacks the scope {needed}.", "error_code": "missing_scope"},
        )
        challenge = response.headers["www-authenticate"]
        assert challenge == f'{REALM}, error="insufficient_scope", scope="{needed}"'


class TestOtherCallers:
    @pytest.mark.parametrize("path", NEEDED)
    def test_sessions_give_no_access_to_sellers_operations(
        self, cancelling: TestClient, path: str
    ) -> None:
        response = cancelling.request(
            method_of(path), path, headers={"Content-Type": "application/json"}
        )

        assert (response.status_code, response.json()) == (401, ANONYMOUS)

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/users/orders/"),
            ("GET", "/users/orders/1/"),
            ("GET", "/users/old-orders/"),
            ("GET", "/users/orders/cancellation_reasons/"),
            ("POST", "/users/orders/cancellation_requests/"),
        ],
    )
    def test_tokens_give_no_access_to_shoppers_operations(
        self, clients: Clients, shop: Shop, seller: Seller, method: str, path: str
    ) -> None:
        response = clients.selling(shop.token(seller)).request(method, path, json={})

        assert (response.status_code, response.json()) == (401, ANONYMOUS)
        assert response.headers["www-authenticate"] == 'Session realm="shop"'

    def test_a_session_beside_a_token_is_ignored(
        self, clients: Clients, shop: Shop, seller: Seller, shopper: User
    ) -> None:
        client = clients.selling(shop.token(seller))
        client.cookies.set("sessionid", shop.session(shopper))

        assert client.get(ORDERS).json()["count"] == 1
        assert client.post(REJECT).status_code == 404  # no 403 for a missing CSRF token

    def test_a_token_beside_a_session_does_not_replace_the_csrf_token(
        self, shopping: TestClient, shop: Shop, seller: Seller
    ) -> None:
        headers = {"Authorization": f"Bearer {shop.token(seller)}"}

        response = shopping.post("/users/orders/cancellation_requests/", json={}, headers=headers)

        assert (response.status_code, response.json()["error_code"]) == (403, "csrf_failed")
