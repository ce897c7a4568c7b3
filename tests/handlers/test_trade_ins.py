"""Operations of openapi/trade_ins.yaml over HTTP: the links that answer directly."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.trade_in_offers import TradeInOffer, TradeInState
from handlers.settings import Settings
from tests.support.application import Clients, Shop
from tests.support.trade_in_clients import ANSWERS, BROWSER, OLD_BROWSER, link, send, stored, url


@pytest.fixture
def offer(shop: Shop, shopper: User) -> TradeInOffer:
    """An open offer for a delivered line of the shopper."""
    return stored(shop, shopper)


class TestAnswers:
    @pytest.mark.parametrize(
        ("answer", "language", "message"),
        [
            ("approved", "en", "Your approval has been sent."),
            ("approved", "tr", "Onaylama isleminiz gönderilmiştir."),
            ("rejected", "en", "Your rejection has been sent."),
            ("rejected", "tr", "Reddetme işleminiz gönderilmiştir."),
        ],
    )
    def test_are_confirmed_in_the_language_of_the_request(
        self, shopping: TestClient, offer: TradeInOffer, answer: str, language: str, message: str
    ) -> None:
        given = shopping.get(url(offer, answer), headers={"Accept-Language": language})

        assert (given.status_code, given.json()) == (200, message)

    @pytest.mark.parametrize("answer", ANSWERS)
    def test_can_be_given_by_a_mailed_link_without_a_session(
        self, client: TestClient, offer: TradeInOffer, settings: Settings, answer: str
    ) -> None:
        page = client.get(link(offer, answer, settings), headers=BROWSER)

        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "has been sent." in page.text
        assert "<title>Thank you" in page.text

    def test_can_be_repeated_but_not_changed(
        self, shopping: TestClient, offer: TradeInOffer
    ) -> None:
        statuses = [
            shopping.get(url(offer, answer)).status_code
            for answer in ("approved", "approved", "rejected", "approved")
        ]

        assert statuses == [200, 200, 409, 200]

    def test_are_refused_after_the_expiry(
        self, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        given = shopping.get(url(stored(shop, shopper, days=-1), "approved"))

        assert (given.status_code, given.json()["error_code"]) == (410, "trade_in_expired")

    def test_end_the_offer(self, shopping: TestClient, offer: TradeInOffer) -> None:
        [before] = shopping.get("/users/orders/").json()["results"]
        shopping.get(url(offer, "rejected"))
        [after] = shopping.get("/users/orders/").json()["results"]

        assert before["orderitem_set"][0]["is_tradable"]
        assert not after["orderitem_set"][0]["is_tradable"]


class TestStrangers:
    def test_get_the_response_of_an_absent_item(
        self, clients: Clients, shop: Shop, offer: TradeInOffer, settings: Settings
    ) -> None:
        other = clients.new(shop.session(shop.user()))
        absent = f"/users/order_item/{10**9}/tradein_approved/"
        foreign = other.get(url(offer, "approved"))

        assert foreign.status_code == 404
        assert foreign.content == other.get(absent).content
        assert foreign.content == other.get(f"/users/order_item/{2**63}/tradein_approved/").content

    def test_need_a_login(self, client: TestClient, offer: TradeInOffer) -> None:
        path = url(offer, "approved")
        page = client.get(path, headers=BROWSER)

        assert client.get(path).status_code == 401
        assert (page.status_code, "/users/login/?next=" in page.text) == (403, True)

    def test_can_not_use_a_link_for_the_other_answer(
        self, shopping: TestClient, offer: TradeInOffer, settings: Settings
    ) -> None:
        wrong = shopping.get(link(offer, "rejected", settings, purpose="approved"))

        assert wrong.status_code == 404
        assert shopping.get(url(offer, "approved")).status_code == 200

    @pytest.mark.parametrize("token", ["", "x", "a.b", "%00", "ş"])
    def test_can_not_forge_a_link(
        self, client: TestClient, offer: TradeInOffer, token: str
    ) -> None:
        answer = client.get(f"{url(offer, 'approved')}?token={token}")

        assert (answer.status_code, answer.json()["error_code"]) == (404, "not_found")

    def test_can_not_use_a_link_for_another_offer(
        self, shop: Shop, shopper: User, client: TestClient, offer: TradeInOffer, settings: Settings
    ) -> None:
        other = stored(shop, shopper)
        token = link(other, "approved", settings).partition("?")[2]

        assert client.get(f"{url(offer, 'approved')}?{token}").status_code == 404


class TestPrefetching:
    @pytest.mark.parametrize(
        "header",
        [{"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}],
        ids=str,
    )
    def test_has_no_effect(
        self, shop: Shop, shopping: TestClient, offer: TradeInOffer, header: dict[str, str]
    ) -> None:
        answer = shopping.get(url(offer, "approved"), headers=header)

        assert (answer.status_code, answer.json()["error_code"]) == (403, "prefetch_refused")
        assert shop.stored_offer(offer).state is TradeInState.OPEN

    def test_head_is_refused(self, shop: Shop, shopping: TestClient, offer: TradeInOffer) -> None:
        answer = shopping.head(url(offer, "approved"))

        assert answer.status_code == 405
        assert shop.stored_offer(offer).state is TradeInState.OPEN

    @pytest.mark.parametrize("kind", ["image", "iframe", "script", "style", "audio", "object"])
    @pytest.mark.parametrize("by_link", [False, True])
    def test_embedding_in_a_page_has_no_effect(
        self,
        shop: Shop,
        shopping: TestClient,
        offer: TradeInOffer,
        settings: Settings,
        kind: str,
        by_link: bool,
    ) -> None:
        target = link(offer, "approved", settings) if by_link else url(offer, "approved")
        answer = shopping.get(
            target, headers={"Sec-Fetch-Dest": kind, "Sec-Fetch-Site": "same-origin"}
        )

        assert (answer.status_code, answer.json()["error_code"]) == (403, "embedding_refused")
        assert shop.stored_offer(offer).state is TradeInState.OPEN


class TestOtherSites:
    """A page of another site can send a browser to any URL, with the session's cookie."""

    FOREIGN = (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        },
        {"Sec-Fetch-Site": "cross-site", "Referer": "http://testserver/"},
        {"Sec-Fetch-Site": "something new"},
        {"Referer": "https://evil.example/"},
        {"Referer": "http://testserver.evil.example/"},
        {"Referer": "http://testserver:8080/"},
        {"Referer": "about:blank"},
        {"Referer": "http://["},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        OLD_BROWSER,
    )
    OWN: tuple[dict[str, str], ...] = (
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none", **OLD_BROWSER},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"},
        {"Referer": "http://testserver/docs", **OLD_BROWSER},
        {"Referer": "https://testserver/docs"},
        {"Origin": "http://testserver:80"},
    )

    @pytest.mark.parametrize("headers", FOREIGN, ids=str)
    def test_can_not_answer_with_the_session(
        self, shop: Shop, shopping: TestClient, offer: TradeInOffer, headers: dict[str, str]
    ) -> None:
        answer = shopping.get(url(offer, "approved"), headers=headers)

        assert (answer.status_code, answer.json()["error_code"]) == (403, "confirmation_required")
        assert shop.stored_offer(offer).state is TradeInState.OPEN

    @pytest.mark.parametrize("headers", [*FOREIGN, {}], ids=str)
    def test_get_a_page_that_asks_for_confirmation(
        self, shop: Shop, shopping: TestClient, offer: TradeInOffer, headers: dict[str, str]
    ) -> None:
        path = url(offer, "rejected")
        page = shopping.get(path, headers=BROWSER | headers)

        assert page.status_code == 403
        assert shop.stored_offer(offer).state is TradeInState.OPEN
        answered = send(shopping, page, "reject")
        assert answered.status_code == 303
        assert shop.stored_offer(offer).state is TradeInState.REJECTED

    @pytest.mark.parametrize("headers", OWN, ids=str)
    def test_do_not_include_own_pages(
        self, shop: Shop, shopping: TestClient, offer: TradeInOffer, headers: dict[str, str]
    ) -> None:
        assert shopping.get(url(offer, "approved"), headers=headers).status_code == 200
        assert shop.stored_offer(offer).state is TradeInState.APPROVED

    def test_get_404_for_foreign_items(
        self, clients: Clients, shop: Shop, offer: TradeInOffer
    ) -> None:
        other = clients.new(shop.session(shop.user()))
        headers = BROWSER | {"Sec-Fetch-Site": "cross-site"}

        assert other.get(url(offer, "approved"), headers=headers).status_code == 404

    @pytest.mark.parametrize("headers", FOREIGN, ids=str)
    def test_may_link_to_a_signed_link(
        self,
        shop: Shop,
        shopping: TestClient,
        offer: TradeInOffer,
        settings: Settings,
        headers: dict[str, str],
    ) -> None:
        answer = shopping.get(link(offer, "approved", settings), headers=headers)

        assert (answer.status_code, answer.json()) == (200, "Your approval has been sent.")


class TestAllowedOrigin:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, cors_origins="https://front.example")

    def test_can_answer_by_its_scripts(self, shopping: TestClient, offer: TradeInOffer) -> None:
        headers = {"Origin": "https://front.example", "Sec-Fetch-Site": "same-site"}
        shopping.event_hooks = {}  # no operation declares the headers of CORS

        assert shopping.get(url(offer, "approved"), headers=headers).status_code == 200
