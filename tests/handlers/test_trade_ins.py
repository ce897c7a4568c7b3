"""Operations of openapi/trade_ins.yaml over HTTP."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from domain.states import OrderState
from domain.trade_in_offers import TradeInOffer, TradeInState
from domain.trade_ins import OfferLink
from domain.users import User
from handlers.settings import Settings
from handlers.trade_in_links import sign_link
from tests.application import Clients, Shop
from tests.builders import make_item, make_offer, make_product

OLD_BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone) Version/15.0 Safari"}
ANSWERS = {"approved": "approveTradeIn", "rejected": "rejectTradeIn"}
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def offer(shop: Shop, shopper: User) -> TradeInOffer:
    """An open one, for a delivered line of the shopper's."""
    return stored(shop, shopper)


def stored(shop: Shop, owner: User, days: int = 7, name: str = "Room Spray") -> TradeInOffer:
    offer = make_offer(expires_date=datetime.now(UTC) + timedelta(days=days))
    product = make_product(name=name)
    item = make_item(state=OrderState.DELIVERED, trade_in_offers=[offer], product=product)
    shop.order(owner, items=[item], state=OrderState.DELIVERED)
    return offer


def url(offer: TradeInOffer, answer: str) -> str:
    return f"/users/order_item/{offer.order_item_pk}/tradein_{answer}/"


def page_url(offer: TradeInOffer, settings: Settings | None = None) -> str:
    """The page's, with the token of an e-mail where settings are given."""
    path = f"/users/order_item/{offer.order_item_pk}/tradein/"
    if settings is None:
        return path
    return f"{path}?token={sign_link(OfferLink(offer.uuid), 'showTradeInOffer', settings)}"


def link(offer: TradeInOffer, answer: str, settings: Settings, purpose: str = "") -> str:
    token = sign_link(OfferLink(offer.uuid), ANSWERS[purpose or answer], settings)
    return f"{url(offer, answer)}?token={token}"


class TestAnswers:
    @pytest.mark.parametrize(
        ("answer", "language", "told"),
        [
            ("approved", "en", "Your approval has been sent."),
            ("approved", "tr", "Onaylama isleminiz gönderilmiştir."),
            ("rejected", "en", "Your rejection has been sent."),
            ("rejected", "tr", "Reddetme işleminiz gönderilmiştir."),
        ],
    )
    def test_are_confirmed_in_the_readers_language(
        self, shopping: TestClient, offer: TradeInOffer, answer: str, language: str, told: str
    ) -> None:
        given = shopping.get(url(offer, answer), headers={"Accept-Language": language})

        assert (given.status_code, given.json()) == (200, told)

    @pytest.mark.parametrize("answer", ANSWERS)
    def test_are_taken_by_a_mailed_link_without_a_session(
        self, client: TestClient, offer: TradeInOffer, settings: Settings, answer: str
    ) -> None:
        page = client.get(link(offer, answer, settings), headers=BROWSER)

        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "has been sent." in page.text
        assert "<title>Thank you" in page.text

    def test_may_be_given_again_and_not_otherwise(
        self, shopping: TestClient, offer: TradeInOffer
    ) -> None:
        statuses = [
            shopping.get(url(offer, answer)).status_code
            for answer in ("approved", "approved", "rejected", "approved")
        ]

        assert statuses == [200, 200, 409, 200]

    def test_come_too_late(self, shop: Shop, shopper: User, shopping: TestClient) -> None:
        given = shopping.get(url(stored(shop, shopper, days=-1), "approved"))

        assert (given.status_code, given.json()["error_code"]) == (410, "trade_in_expired")

    def test_end_the_offer(self, shopping: TestClient, offer: TradeInOffer) -> None:
        [before] = shopping.get("/users/orders/").json()["results"]
        shopping.get(url(offer, "rejected"))
        [after] = shopping.get("/users/orders/").json()["results"]

        assert before["orderitem_set"][0]["is_tradable"]
        assert not after["orderitem_set"][0]["is_tradable"]


class TestStrangers:
    def test_find_nothing(
        self, clients: Clients, shop: Shop, offer: TradeInOffer, settings: Settings
    ) -> None:
        other = clients.new(shop.session(shop.user()))
        absent = f"/users/order_item/{10**9}/tradein_approved/"
        foreign = other.get(url(offer, "approved"))

        assert foreign.status_code == 404
        assert foreign.content == other.get(absent).content
        assert foreign.content == other.get(f"/users/order_item/{2**63}/tradein_approved/").content

    def test_are_asked_to_log_in(self, client: TestClient, offer: TradeInOffer) -> None:
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
    def test_can_not_make_up_a_link(
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

    def test_head_is_no_method_of_it(
        self, shop: Shop, shopping: TestClient, offer: TradeInOffer
    ) -> None:
        answer = shopping.head(url(offer, "approved"))

        assert answer.status_code == 405
        assert shop.stored_offer(offer).state is TradeInState.OPEN

    @pytest.mark.parametrize("kind", ["image", "iframe", "script", "style", "audio", "object"])
    @pytest.mark.parametrize("by_link", [False, True])
    def test_as_a_part_of_a_page_has_no_effect(
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
    """A page of another site can send a browser anywhere, and the session's cookie goes along."""

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
    def test_lead_to_a_page_that_asks(
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
    def test_are_not_these(
        self, shop: Shop, shopping: TestClient, offer: TradeInOffer, headers: dict[str, str]
    ) -> None:
        assert shopping.get(url(offer, "approved"), headers=headers).status_code == 200
        assert shop.stored_offer(offer).state is TradeInState.APPROVED

    def test_learn_nothing_about_what_is_not_theirs(
        self, clients: Clients, shop: Shop, offer: TradeInOffer
    ) -> None:
        other = clients.new(shop.session(shop.user()))
        headers = BROWSER | {"Sec-Fetch-Site": "cross-site"}

        assert other.get(url(offer, "approved"), headers=headers).status_code == 404

    @pytest.mark.parametrize("headers", FOREIGN, ids=str)
    def test_may_lead_to_a_signed_link(
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

    def test_may_answer_by_its_scripts(self, shopping: TestClient, offer: TradeInOffer) -> None:
        headers = {"Origin": "https://front.example", "Sec-Fetch-Site": "same-site"}
        shopping.event_hooks = {}  # no operation declares the headers of CORS

        assert shopping.get(url(offer, "approved"), headers=headers).status_code == 200


def send(client: TestClient, page: Any, answer: str) -> Any:
    """Press a button of the page, as a browser would."""
    [action] = re.findall(r'<form method="post" action="([^"]*)"', page.text)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert f'<button name="answer" value="{answer}"' in page.text.replace(' class="second"', "")
    target = urljoin(str(page.request.url), unescape(action))
    return client.post(target, data={**fields, "answer": answer}, headers=BROWSER)


class TestPage:
    @pytest.fixture(params=["by link", "by session"])
    def by_link(self, request: pytest.FixtureRequest) -> bool:
        """Whether the page is opened by the link of an e-mail."""
        return bool(request.param == "by link")

    @pytest.fixture
    def reader(self, by_link: bool, client: TestClient, shopping: TestClient) -> TestClient:
        return client if by_link else shopping

    @pytest.fixture
    def target(self, by_link: bool, offer: TradeInOffer, settings: Settings) -> str:
        return page_url(offer, settings if by_link else None)

    def test_shows_the_offer(
        self, shop: Shop, reader: TestClient, target: str, offer: TradeInOffer
    ) -> None:
        page = reader.get(target, headers=BROWSER)

        assert page.status_code == 200
        assert "1 × Room Spray" in page.text
        assert shop.order_of(offer).number in page.text
        assert f"{offer.expires_date:%H:%M} UTC" in page.text
        assert page.text.count("<button") == 2
        assert shop.stored_offer(offer).state is TradeInState.OPEN

    @pytest.mark.parametrize(
        "outcome",
        [
            ("approve", TradeInState.APPROVED, "You have accepted this offer."),
            ("reject", TradeInState.REJECTED, "You have rejected this offer."),
        ],
    )
    def test_answers_by_its_buttons(
        self,
        shop: Shop,
        reader: TestClient,
        target: str,
        offer: TradeInOffer,
        outcome: tuple[str, TradeInState, str],
    ) -> None:
        answer, state, told = outcome
        answered = send(reader, reader.get(target, headers=BROWSER), answer)

        assert answered.status_code == 303
        after = reader.get(
            urljoin(str(answered.request.url), answered.headers["location"]), headers=BROWSER
        )
        assert told in after.text
        assert "<button" not in after.text
        assert shop.stored_offer(offer).state is state

    @pytest.mark.parametrize("language", ["en", "tr"])
    def test_speaks_the_readers_language(
        self, reader: TestClient, target: str, language: str
    ) -> None:
        page = reader.get(target, headers=BROWSER | {"Accept-Language": language})

        assert ("Takas teklifi" in page.text) is (language == "tr")
        assert ("Teklifi kabul ediyorum" in page.text) is (language == "tr")
        assert page.headers["content-language"].startswith(language)

    def test_is_json_for_programs(
        self, reader: TestClient, target: str, offer: TradeInOffer
    ) -> None:
        shown = reader.get(target).json()

        assert (shown["order_item"], shown["state"]) == (offer.order_item_pk, "open")
        assert datetime.fromisoformat(shown["expires_date"]) == offer.expires_date

    def test_says_that_the_offer_ran_out(
        self, shop: Shop, shopper: User, client: TestClient, settings: Settings
    ) -> None:
        target = page_url(stored(shop, shopper, days=-1), settings)
        page = client.get(target, headers=BROWSER)

        assert page.status_code == 200
        assert "This offer has expired." in page.text
        assert "<button" not in page.text
        assert client.get(target).json()["state"] == "expired"
        late = client.post(target, data={"answer": "approve"})
        assert late.status_code == 303
        assert client.post(target, json={"answer": "approve"}).status_code == 410

    def test_keeps_the_first_answer(
        self, shop: Shop, client: TestClient, offer: TradeInOffer, settings: Settings
    ) -> None:
        target = page_url(offer, settings)
        statuses = [
            client.post(target, json={"answer": answer}).status_code
            for answer in ("reject", "reject", "approve")
        ]

        assert statuses == [200, 200, 409]
        assert client.post(target, data={"answer": "approve"}).status_code == 303
        assert shop.stored_offer(offer).state is TradeInState.REJECTED

    @pytest.mark.parametrize("token", ["", "x", "a.b", "%00"])
    def test_is_not_found_by_a_bad_link(
        self, client: TestClient, offer: TradeInOffer, token: str
    ) -> None:
        target = f"{page_url(offer)}?token={token}"
        page = client.get(target, headers=BROWSER)

        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "Not found." in page.text
        assert "The link may be incomplete" in page.text
        assert client.get(target).json()["error_code"] == "not_found"
        posted = client.post(target, data={"answer": "approve"}, headers=BROWSER)
        assert (posted.status_code, "Not found." in posted.text) == (404, True)

    def test_has_a_token_that_opens_no_link_that_answers_at_once(
        self, client: TestClient, offer: TradeInOffer, settings: Settings
    ) -> None:
        query = page_url(offer, settings).partition("?")[2]

        for answer in ANSWERS:
            assert client.get(f"{url(offer, answer)}?{query}").status_code == 404
        direct = link(offer, "approved", settings).partition("?")[2]
        assert client.get(f"{page_url(offer)}?{direct}").status_code == 404

    def test_asks_to_log_in(self, client: TestClient, offer: TradeInOffer) -> None:
        page = client.get(page_url(offer), headers=BROWSER)

        assert (page.status_code, "/users/login/?next=" in page.text) == (403, True)
        assert client.get(page_url(offer)).status_code == 401
        assert client.post(page_url(offer), json={"answer": "approve"}).status_code == 401

    @pytest.mark.parametrize("token", [None, "made up", "another's"])
    def test_with_a_session_needs_its_token(
        self,
        shop: Shop,
        clients: Clients,
        shopping: TestClient,
        offer: TradeInOffer,
        token: str | None,
    ) -> None:
        shopping.get(page_url(offer), headers=BROWSER)
        if token == "another's":
            token = clients.posting(shop.session(shop.user())).cookies["csrftoken"]
        fields = {"answer": "approve"} | ({} if token is None else {"csrf_token": token})

        page = shopping.post(page_url(offer), data=fields, headers=BROWSER)
        program = shopping.post(page_url(offer), json=fields)

        assert (page.status_code, "CSRF" in page.text) == (403, True)
        assert (program.status_code, program.json()["error_code"]) == (403, "csrf_failed")
        assert shop.stored_offer(offer).state is TradeInState.OPEN

    def test_takes_the_token_in_the_header(
        self, cancelling: TestClient, offer: TradeInOffer
    ) -> None:
        answered = cancelling.post(page_url(offer), json={"answer": "approve"})

        assert (answered.status_code, answered.json()["state"]) == (200, "approved")

    def test_is_not_found_by_strangers(
        self, clients: Clients, shop: Shop, offer: TradeInOffer
    ) -> None:
        other = clients.posting(shop.session(shop.user()))
        absent = f"/users/order_item/{10**9}/tradein/"
        answer = {"answer": "approve"}

        assert other.get(page_url(offer)).content == other.get(absent).content
        assert other.get(page_url(offer)).status_code == 404
        foreign = other.post(page_url(offer), json=answer)
        assert foreign.status_code == 404
        assert foreign.content == other.post(absent, json=answer).content
        assert shop.stored_offer(offer).state is TradeInState.OPEN

    @pytest.mark.parametrize("answer", ["", "approved", None])
    def test_takes_no_other_answer(
        self, client: TestClient, offer: TradeInOffer, settings: Settings, answer: str | None
    ) -> None:
        posted = client.post(page_url(offer, settings), json={"answer": answer})

        assert (posted.status_code, set(posted.json())) == (400, {"answer", "error_code"})

    def test_shows_names_as_text(
        self, shop: Shop, shopper: User, client: TestClient, settings: Settings
    ) -> None:
        named = stored(shop, shopper, name="<script>alert(1)</script>")

        page = client.get(page_url(named, settings), headers=BROWSER)

        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
