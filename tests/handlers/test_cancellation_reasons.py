"""Operations of openapi/cancellation_reasons.yaml over HTTP."""

import pytest
from starlette.testclient import TestClient

from domain.cancellations import CancellationType
from tests.application import Shop

URL = "/users/orders/cancellation_reasons/"
BOTH = {"en-us": {"subject": "Too big"}, "tr-tr": {"subject": "Büyük geldi"}}


class TestListCancellationReasons:
    def test_shows_active_reasons_by_their_order(self, shop: Shop, shopping: TestClient) -> None:
        pks = [shop.reason(order=order).pk for order in (300, 100, 200)]
        shop.reason(order=1, is_active=False)

        page = shopping.get(URL).json()

        assert page["count"] == 3
        assert [each["pk"] for each in page["results"]] == [pks[1], pks[2], pks[0]]
        assert all(each["id"] == each["pk"] for each in page["results"])

    @pytest.mark.parametrize(
        ("language", "subject"), [("tr", "Büyük geldi"), ("en", "Too big"), ("de", "Too big")]
    )
    def test_speaks_the_readers_language(
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

    def test_can_be_those_of_one_type(self, shop: Shop, shopping: TestClient) -> None:
        shop.reason(CancellationType.CANCEL)
        refund = shop.reason(CancellationType.REFUND)

        page = shopping.get(f"{URL}?cancellation_type=refund&limit=1").json()

        assert (page["count"], page["next"]) == (1, None)
        assert page["results"][0]["pk"] == refund.pk

    def test_has_no_other_types(self, shopping: TestClient) -> None:
        answer = shopping.get(f"{URL}?cancellation_type=return")

        assert (answer.status_code, set(answer.json())) == (
            400,
            {"cancellation_type", "error_code"},
        )

    def test_needs_a_session_or_a_grant(self, client: TestClient) -> None:
        assert client.get(URL).status_code == 401
        page = client.get(URL, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
