"""Operations of openapi/trade_ins.yaml over HTTP: the page, and its buttons."""

from datetime import datetime
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.trade_in_offers import TradeInOffer, TradeInState
from handlers.settings import Settings
from tests.support.application import Clients, Shop
from tests.support.trade_in_clients import ANSWERS, BROWSER, link, page_url, send, stored, url


@pytest.fixture
def offer(shop: Shop, shopper: User) -> TradeInOffer:
    """An open offer for a delivered line of the shopper."""
    return stored(shop, shopper)


class TestPage:
    @pytest.fixture(params=["by link", "by session"])
    def by_link(self, request: pytest.FixtureRequest) -> bool:
        """Whether the page is opened by a mailed link."""
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
    def test_answers_with_its_buttons(
        self,
        shop: Shop,
        reader: TestClient,
        target: str,
        offer: TradeInOffer,
        outcome: tuple[str, TradeInState, str],
    ) -> None:
        answer, state, message = outcome
        answered = send(reader, reader.get(target, headers=BROWSER), answer)

        assert answered.status_code == 303
        after = reader.get(
            urljoin(str(answered.request.url), answered.headers["location"]), headers=BROWSER
        )
        assert message in after.text
        assert "<button" not in after.text
        assert shop.stored_offer(offer).state is state

    @pytest.mark.parametrize("language", ["en", "tr"])
    def test_is_in_the_language_of_the_request(
        self, reader: TestClient, target: str, language: str
    ) -> None:
        page = reader.get(target, headers=BROWSER | {"Accept-Language": language})

        assert ("Takas teklifi" in page.text) is (language == "tr")
        assert ("Teklifi kabul ediyorum" in page.text) is (language == "tr")
        assert page.headers["content-language"].startswith(language)

    def test_is_json_for_other_clients(
        self, reader: TestClient, target: str, offer: TradeInOffer
    ) -> None:
        shown = reader.get(target).json()

        assert (shown["order_item"], shown["state"]) == (offer.order_item_pk, "open")
        assert datetime.fromisoformat(shown["expires_date"]) == offer.expires_date

    def test_shows_that_the_offer_has_expired(
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

    def test_does_not_change_the_first_answer(
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
    def test_is_not_found_with_an_invalid_token(
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

    def test_has_a_token_that_is_invalid_for_direct_answers(
        self, client: TestClient, offer: TradeInOffer, settings: Settings
    ) -> None:
        query = page_url(offer, settings).partition("?")[2]

        for answer in ANSWERS:
            assert client.get(f"{url(offer, answer)}?{query}").status_code == 404
        direct = link(offer, "approved", settings).partition("?")[2]
        assert client.get(f"{page_url(offer)}?{direct}").status_code == 404

    def test_needs_a_login_without_a_token(self, client: TestClient, offer: TradeInOffer) -> None:
        page = client.get(page_url(offer), headers=BROWSER)

        assert (page.status_code, "/users/login/?next=" in page.text) == (403, True)
        assert client.get(page_url(offer)).status_code == 401
        assert client.post(page_url(offer), json={"answer": "approve"}).status_code == 401

    @pytest.mark.parametrize("token", [None, "made up", "another's"])
    def test_needs_a_csrf_token_with_a_session(
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

    def test_accepts_the_csrf_token_in_the_header(
        self, cancelling: TestClient, offer: TradeInOffer
    ) -> None:
        answered = cancelling.post(page_url(offer), json={"answer": "approve"})

        assert (answered.status_code, answered.json()["state"]) == (200, "approved")

    def test_is_not_found_for_other_shoppers(
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
    def test_refuses_other_answers(
        self, client: TestClient, offer: TradeInOffer, settings: Settings, answer: str | None
    ) -> None:
        posted = client.post(page_url(offer, settings), json={"answer": answer})

        assert (posted.status_code, set(posted.json())) == (400, {"answer", "error_code"})

    def test_escapes_names(
        self, shop: Shop, shopper: User, client: TestClient, settings: Settings
    ) -> None:
        named = stored(shop, shopper, name="<script>alert(1)</script>")

        page = client.get(page_url(named, settings), headers=BROWSER)

        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
