"""Operations of openapi/trade_ins.yaml over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from domain.states import OrderState
from domain.trade_in_offers import TradeInOffer, TradeInState
from domain.trade_ins import OfferLink
from domain.users import User
from handlers.settings import Settings
from handlers.trade_in_links import sign_link
from tests.application import Clients, Shop
from tests.builders import make_item, make_offer

ANSWERS = {"approved": "approveTradeIn", "rejected": "rejectTradeIn"}
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def offer(shop: Shop, shopper: User) -> TradeInOffer:
    """An open one, for a delivered line of the shopper's."""
    return stored(shop, shopper)


def stored(shop: Shop, owner: User, days: int = 7) -> TradeInOffer:
    offer = make_offer(expires_date=datetime.now(UTC) + timedelta(days=days))
    item = make_item(state=OrderState.DELIVERED, trade_in_offers=[offer])
    shop.order(owner, items=[item], state=OrderState.DELIVERED)
    return offer


def url(offer: TradeInOffer, answer: str) -> str:
    return f"/users/order_item/{offer.order_item_pk}/tradein_{answer}/"


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
