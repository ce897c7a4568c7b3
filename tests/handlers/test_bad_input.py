"""Invalid requests get the documented status and an error body."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from tests.support.application import Clients, Shop

LISTS = ("/users/orders/", "/users/old-orders/")
DETAILS = (
    "/users/orders/{}/",
    "/users/orders/{}/cancellation/",
    "/users/old-orders/{}/",
)


def errors_of(response: Any) -> dict[str, str]:
    """The fields of an error without its code."""
    body: dict[str, str] = response.json()
    assert body.pop("error_code")
    assert all(body.values())
    return body


@pytest.mark.parametrize("path", DETAILS)
@pytest.mark.parametrize("pk", ["0", "-1", str(2**63), "9" * 5000, "abc", "1.5", "%ff"])
def test_a_pk_without_a_row_is_not_found(shopping: TestClient, path: str, pk: str) -> None:
    response = shopping.get(path.format(pk))
    assert response.status_code == 404
    assert errors_of(response) == {"detail": "Not found."}


@pytest.mark.parametrize("path", DETAILS)
def test_nul_in_a_path_is_an_invalid_url(shopping: TestClient, path: str) -> None:
    response = shopping.get(path.format("%00"))
    assert response.status_code == 400
    assert set(errors_of(response)) == {"detail"}


@pytest.mark.parametrize("path", LISTS)
class TestLists:
    @pytest.mark.parametrize("page", ["0", "-1", "2", "1000000000", "9" * 5000])
    def test_an_absent_page_is_not_found(self, shopping: TestClient, path: str, page: str) -> None:
        response = shopping.get(f"{path}?page={page}")
        assert response.status_code == 404
        assert errors_of(response) == {"detail": "Invalid page."}

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("page=abc", "page"),
            ("page=", "page"),
            ("page=1&page=1", "page"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("search=%00", "search"),
            ("search=%ed%a0%80", "search"),
            ("search=%ff", "search"),
            (f"search={'x' * 65}", "search"),
        ],
    )
    def test_an_invalid_parameter_is_named(
        self, shopping: TestClient, path: str, query: str, field: str
    ) -> None:
        response = shopping.get(f"{path}?{query}")
        assert response.status_code == 400
        assert set(errors_of(response)) == {field}

    def test_a_url_past_8_kib_is_too_long(self, shopping: TestClient, path: str) -> None:
        response = shopping.get(f"{path}?search={'x' * 8192}")
        assert response.status_code == 414
        assert set(errors_of(response)) == {"detail"}

    def test_nothing_acceptable_is_406(self, shopping: TestClient, path: str) -> None:
        assert shopping.get(path, headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize(
    "query", ["sort=id", "sort=--amount", "sort=", "currency=TRY", "currency=xyz", "currency="]
)
def test_an_unlisted_sort_or_currency_is_named(shopping: TestClient, query: str) -> None:
    response = shopping.get(f"/users/old-orders/?{query}")
    assert response.status_code == 400
    assert set(errors_of(response)) == {query.partition("=")[0]}


@pytest.mark.parametrize(
    "bound",
    ["yesterday", "2026-02-30", "2026-13-01", "9999-12-31T23:59-12:00", "2026-03-01T25:00:00Z"],
)
def test_an_invalid_date_is_named(shopping: TestClient, bound: str) -> None:
    response = shopping.get("/users/orders/", params={"created_date__gte": bound})
    assert response.status_code == 400
    assert set(errors_of(response)) == {"created_date__gte"}


@pytest.mark.parametrize("path", [*LISTS, *(detail.format(1) for detail in DETAILS)])
class TestSessions:
    @pytest.mark.parametrize("session", [None, "", "unknown", "x" * 43, "ü" * 43, "x" * 4000])
    def test_an_unknown_session_is_not_authenticated(
        self, clients: Clients, path: str, session: str | None
    ) -> None:
        client = clients.new()
        headers = {} if session is None else {b"Cookie": f"sessionid={session}".encode()}
        response = client.get(path, headers=headers)
        assert response.status_code == 401
        assert errors_of(response) == {"detail": "Authentication credentials were not provided."}

    def test_an_expired_session_is_not_authenticated(
        self, shop: Shop, shopper: User, clients: Clients, path: str
    ) -> None:
        assert clients.new(shop.session(shopper, days=-1)).get(path).status_code == 401

    def test_an_oversize_cookie_is_refused(self, client: TestClient, path: str) -> None:
        response = client.get(path, headers={"Cookie": f"sessionid={'x' * 20000}"})
        assert response.status_code == 431

    def test_a_browser_gets_a_link_to_the_login_page(self, client: TestClient, path: str) -> None:
        response = client.get(f"{path}?page=1", headers={"Accept": "text/html"})
        assert response.status_code == 403
        assert f"/users/login/?next={path}%3Fpage%3D1" in response.text.replace("&amp;", "&")


def test_refused_methods_change_nothing(shop: Shop, shopper: User, shopping: TestClient) -> None:
    order = shop.order(shopper)
    before = shopping.get(f"/users/orders/{order.pk}/").json()
    for method in ("post", "put", "patch", "delete"):
        assert shopping.request(method, f"/users/orders/{order.pk}/").status_code == 405
    assert shopping.get(f"/users/orders/{order.pk}/").json() == before


def test_the_login_link_omits_a_long_url(client: TestClient) -> None:
    path = f"/users/orders/?search={'x' * 2100}"
    response = client.get(path, headers={"Accept": "text/html"})
    assert response.status_code == 403
    assert 'url=/users/login/?next="' in response.text
