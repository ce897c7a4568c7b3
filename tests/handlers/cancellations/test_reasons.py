"""Operations of openapi/cancellations/reasons.yaml over HTTP."""

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.cancellations import CancellationType
from tests.support.application import DOMAIN, Clients, Shop

URL = "/users/orders/cancellation_reasons/"
BOTH = {"en-us": {"subject": "Too big"}, "tr-tr": {"subject": "Büyük geldi"}}


class TestListCancellationReasons:
    def test_shows_active_reasons_by_their_order(self, shop: Shop, shopping: TestClient) -> None:
        pks = [shop.reason(order=order).pk for order in (300, 100, 200)]
        shop.reason(order=1, is_active=False)

        page = shopping.get(URL).json()

        assert page["count"] == 3
        assert [entry["pk"] for entry in page["results"]] == [pks[1], pks[2], pks[0]]
        assert all(entry["id"] == entry["pk"] for entry in page["results"])

    @pytest.mark.parametrize(
        ("language", "subject"), [("tr", "Büyük geldi"), ("en", "Too big"), ("de", "Too big")]
    )
    def test_is_in_the_language_of_the_request(
        self, shop: Shop, shopping: TestClient, language: str, subject: str
    ) -> None:
        shop.reason(translations=BOTH)

        [shown] = shopping.get(URL, headers={"Accept-Language": language}).json()["results"]

        assert (shown["subject"], shown["translations"]) == (subject, BOTH)

    @pytest.mark.parametrize(
        ("translations", "subject"),
        [({"tr-tr": {"subject": "Vazgeçtim"}}, "Vazgeçtim"), ({}, ""), ({"en-us": {}}, "")],
    )
    def test_falls_back_to_another_language(
        self, shop: Shop, shopping: TestClient, translations: object, subject: str
    ) -> None:
        shop.reason(translations=translations)

        [shown] = shopping.get(URL).json()["results"]

        assert shown["subject"] == subject

    def test_can_be_filtered_by_type(self, shop: Shop, shopping: TestClient) -> None:
        shop.reason(CancellationType.CANCEL)
        refund = shop.reason(CancellationType.REFUND)

        page = shopping.get(f"{URL}?cancellation_type=refund&limit=1").json()

        assert (page["count"], page["next"]) == (1, None)
        assert page["results"][0]["pk"] == refund.pk

    def test_refuses_unknown_types(self, shopping: TestClient) -> None:
        response = shopping.get(f"{URL}?cancellation_type=return")

        assert (response.status_code, set(response.json())) == (
            400,
            {"cancellation_type", "error_code"},
        )

    def test_needs_a_session_or_a_grant(self, client: TestClient) -> None:
        assert client.get(URL).status_code == 401
        page = client.get(URL, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")


class TestCsrfToken:
    def test_of_an_earlier_session_is_replaced(
        self, shop: Shop, shopper: User, clients: Clients
    ) -> None:
        """Storefronts that log in on their own server leave such a cookie."""
        client = clients.new()
        before = client.get("/csrf_token/").json()["csrf_token"]
        client.cookies.set("sessionid", shop.session(shopper), domain=DOMAIN)

        renewed = client.get(URL)

        token = client.cookies["csrftoken"]
        assert token != before
        assert len(renewed.headers.get_list("set-cookie")) == 1
        assert client.post("/users/logout/", headers={"x-csrftoken": token}).status_code == 204

    def test_that_is_valid_is_not_replaced(self, cancelling: TestClient) -> None:
        assert "set-cookie" not in cancelling.get(URL).headers

    def test_is_not_set_for_clients_without_one(self, shopping: TestClient) -> None:
        assert "set-cookie" not in shopping.get(URL).headers

    def test_is_not_replaced_for_a_key(self, shop: Shop, shopper: User, clients: Clients) -> None:
        client = clients.new()
        client.get("/csrf_token/")
        key = {"Authorization": f"Session {shop.session(shopper)}"}

        response = client.get(URL, headers=key)

        assert (response.status_code, "set-cookie" in response.headers) == (200, False)
