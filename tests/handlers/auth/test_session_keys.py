"""Sessions and grants by key, which programs send instead of cookies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import flask
import pytest
from starlette.testclient import TestClient

from domain.accounts.one_time_tokens import Purpose
from domain.accounts.sessions import Session, id_hash
from domain.accounts.user_accounts import deactivate_user, end_sessions
from domain.accounts.users import User, UserType
from domain.orders.cancellations import CancellationReason
from domain.orders.trade_in_offers import TradeInState
from domain.shared.errors import InvalidInput, NotAuthenticated
from handlers.auth.passwords import Argon2Passwords
from handlers.auth.session_keys import key_challenge, shown_key
from tests.support.application import Clients, Shop
from tests.support.session_keys import REQUESTS, by_key, draft, key_header
from tests.support.small_contracts import make_operation
from tests.support.trade_in_clients import BROWSER, page_url, stored, url

LOGIN, LOGOUT = "/users/login/", "/users/logout/"
ORDERS = "/users/orders/"
PASSWORD = "correct horse battery staple"
PASSWORD_HASH = Argon2Passwords().hash(PASSWORD)
CHALLENGE = 'Session realm="shop"'


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user(password_hash=PASSWORD_HASH)


@pytest.fixture
def reason(shop: Shop) -> CancellationReason:
    return shop.reason()


def log_in(client: TestClient, user: User, **headers: str) -> Any:
    return client.post(LOGIN, json={"email": user.email, "password": PASSWORD}, headers=headers)


class TestShownKey:
    @pytest.mark.parametrize(
        ("header", "key"),
        [
            ("Session abc", "abc"),
            ("session  abc ", "abc"),
            ("SESSION abc", "abc"),
            ("Session", ""),
            ("Session ", ""),
            ("Session a, Session b", "a, Session b"),
            ("Sessions abc", None),
            ("Bearer abc", None),
            ("Basic abc", None),
            ("abc", None),
            ("", None),
        ],
    )
    def test_follows_the_scheme(self, header: str, key: str | None) -> None:
        headers = {"Authorization": header}
        with flask.Flask("handlers").test_request_context("/", headers=headers):
            assert shown_key(flask.request) == key

    def test_is_none_without_the_header(self) -> None:
        with flask.Flask("handlers").test_request_context("/"):
            assert shown_key(flask.request) is None


class TestChallenge:
    def test_names_the_scheme_if_a_key_is_missing(self) -> None:
        accepts_key = make_operation(security=[{"SessionCookie": []}, {"SessionKey": []}])
        accepts_no_key = make_operation(security=[{"SessionCookie": []}])

        assert key_challenge(accepts_key, NotAuthenticated()) == {"WWW-Authenticate": CHALLENGE}
        assert key_challenge(accepts_key, InvalidInput()) == {}
        assert key_challenge(accepts_no_key, NotAuthenticated()) == {}


class TestLogIn:
    def test_returns_a_key_with_the_rights_of_the_cookie(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        shop.order(shopper)
        answer = log_in(clients.new(), shopper)

        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["key"].isalnum()
        assert by_key(clients, answer.json()["key"]).get(ORDERS).json()["count"] == 1

    def test_returns_the_csrf_token_of_its_cookie(self, client: TestClient, shopper: User) -> None:
        token = log_in(client, shopper).json()["csrf_token"]

        assert token.isalnum()
        assert client.post(LOGOUT, headers={"x-csrftoken": token}).status_code == 204

    def test_ends_only_the_session_of_the_key_in_the_request(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        old, cookie = shop.session(shopper), shop.session(shopper)

        log_in(clients.new(cookie), shopper, **key_header(old))

        assert by_key(clients, old).get(ORDERS).status_code == 401
        assert by_key(clients, cookie).get(ORDERS).status_code == 200

    def test_ignores_an_invalid_key(self, client: TestClient, shopper: User) -> None:
        assert log_in(client, shopper, **key_header("x" * 5000)).status_code == 200


class TestKey:
    def test_needs_no_csrf_token(
        self, clients: Clients, shop: Shop, shopper: User, reason: CancellationReason
    ) -> None:
        order = shop.order(shopper)

        answer = by_key(clients, shop.session(shopper)).post(REQUESTS, json=draft(order, reason))

        assert answer.status_code == 200

    def test_is_accepted_from_any_origin(self, clients: Clients, shop: Shop, shopper: User) -> None:
        """A page of another origin can send the header only if CORS allows it."""
        client = by_key(clients, shop.session(shopper))
        client.headers.update({"Origin": "https://else.example", "Sec-Fetch-Site": "cross-site"})

        assert client.post(LOGOUT).status_code == 204

    @pytest.mark.parametrize(
        "shown",
        [
            "",
            "{key}x",
            "{shorter}",
            "{key}, Session {key}",
            '"{key}"',
            "{key} {key}",
            "x" * 43,
            "x" * 4000,
        ],
    )
    def test_is_refused_if_it_is_invalid_even_with_a_valid_cookie(
        self, clients: Clients, shop: Shop, shopper: User, shown: str
    ) -> None:
        session = shop.session(shopper)
        expected = clients.new().get(ORDERS)

        for client in (clients.new(), clients.new(session)):
            key = shown.format(key=session, shorter=session[:-1])
            answer = client.get(ORDERS, headers=key_header(key))
            assert (answer.status_code, answer.content) == (401, expected.content)
            assert answer.headers["www-authenticate"] == CHALLENGE

    def test_decides_if_the_cookie_is_of_another_session(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        stranger = shop.user()
        shop.order(shopper)

        answer = clients.new(shop.session(stranger)).get(
            ORDERS, headers=key_header(shop.session(shopper))
        )

        assert answer.json()["count"] == 1

    def test_is_valid_with_cookies_that_differ(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        headers = {"Cookie": "sessionid=a; sessionid=b; csrftoken=c; csrftoken=d"}

        answer = by_key(clients, shop.session(shopper)).post(LOGOUT, headers=headers)

        assert answer.status_code == 204

    @pytest.mark.parametrize("scheme", ["Basic dXNlcjpwYXNz", "Bearer x", "Digest a=b"])
    def test_is_not_read_from_another_scheme(
        self, clients: Clients, shop: Shop, shopper: User, scheme: str
    ) -> None:
        """A shop's test site may stand behind a login of its own."""
        session = shop.session(shopper)
        headers = {"Authorization": scheme}

        assert clients.new(session).get(ORDERS, headers=headers).status_code == 200
        assert clients.new(session).post(LOGOUT, headers=headers).status_code == 403

    def test_may_be_of_a_session_of_the_earlier_form(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        value, now = "-_" + "x" * 41, datetime.now(UTC)
        session = Session(
            id_hash=id_hash(value),
            user_pk=shopper.pk,
            created_date=now,
            expires_date=now + timedelta(days=1),
        )
        with shop.database.writing() as uow:
            uow.sessions.add(session)
            uow.commit()

        assert by_key(clients, value).get(ORDERS).status_code == 200
        assert clients.new(value).get(ORDERS).status_code == 200

    def test_adds_the_header_to_vary(self, clients: Clients, shop: Shop, shopper: User) -> None:
        answer = by_key(clients, shop.session(shopper)).get(ORDERS)

        assert "Authorization" in answer.headers["vary"].split(", ")
        assert answer.headers["cache-control"] == "no-store"

    def test_does_not_redirect_browsers_to_the_login_page(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        order = shop.order(shopper)
        client = by_key(clients, shop.session(shopper))

        assert client.get(f"{ORDERS}{order.pk}/", headers={"Accept": "text/html"}).is_success


class TestLogOut:
    def test_ends_the_session_of_the_key_and_no_other(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        ended, other = shop.session(shopper), shop.session(shopper)

        answer = clients.new(other).post(LOGOUT, headers=key_header(ended))

        assert (answer.status_code, answer.headers.get_list("set-cookie")) == (204, [])
        assert by_key(clients, ended).get(ORDERS).status_code == 401
        assert clients.new(ended).get(ORDERS).status_code == 401
        assert clients.new(other).get(ORDERS).status_code == 200

    def test_drops_the_cookies_of_the_session_that_ended(
        self, client: TestClient, shopper: User
    ) -> None:
        key = log_in(client, shopper).json()["key"]

        client.post(LOGOUT, headers=key_header(key))

        assert list(client.cookies) == ["knowndevice"]

    def test_ends_the_key_if_it_is_by_cookie(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        session = shop.session(shopper)

        assert clients.posting(session).post(LOGOUT).status_code == 204
        assert by_key(clients, session).get(ORDERS).status_code == 401


class TestEndedSessions:
    """Everything that ends sessions ends their keys."""

    def test_end_after_a_new_password(self, clients: Clients, shop: Shop, shopper: User) -> None:
        client = by_key(clients, shop.session(shopper))
        link = {"token": shop.link(shopper, Purpose.PASSWORD_RESET), "password": "a new password"}

        assert client.post("/users/password/", json=link).status_code == 200
        assert client.get(ORDERS).status_code == 401

    def test_end_by_the_operator(self, clients: Clients, shop: Shop, shopper: User) -> None:
        client = by_key(clients, shop.session(shopper))
        with shop.database.writing() as uow:
            end_sessions(shopper.email, UserType.REGISTERED, "operator:test", uow)

        assert client.get(ORDERS).status_code == 401

    def test_end_if_the_user_is_deactivated(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        client = by_key(clients, shop.session(shopper))
        with shop.database.writing() as uow:
            deactivate_user(shopper.email, UserType.REGISTERED, "operator:test", uow)

        assert client.get(ORDERS).status_code == 401

    def test_end_after_their_time(self, clients: Clients, shop: Shop, shopper: User) -> None:
        assert by_key(clients, shop.session(shopper, days=-1)).get(ORDERS).status_code == 401

    def test_end_by_a_handover_with_the_key(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        client = by_key(clients, shop.session(shopper))
        link = shop.link(shopper, Purpose.HANDOVER)

        answer = client.get(f"/users/handover/?token={link}")

        assert answer.status_code == 303
        assert client.get(ORDERS).status_code == 401
        assert by_key(clients, client.cookies["sessionid"]).get(ORDERS).status_code == 200


class TestTradeIns:
    def test_are_answered_by_key_from_any_origin(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        offer = stored(shop, shopper)
        client = by_key(clients, shop.session(shopper))

        answer = client.get(url(offer, "approved"), headers={"Sec-Fetch-Site": "cross-site"})

        assert answer.status_code == 200
        assert shop.stored_offer(offer).state is TradeInState.APPROVED

    def test_show_no_csrf_token_for_a_key(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        client = by_key(clients, shop.session(shopper))

        page = client.get(page_url(stored(shop, shopper)), headers=BROWSER)

        assert page.status_code == 200
        assert "csrf_token" not in page.text
        assert "set-cookie" not in page.headers
