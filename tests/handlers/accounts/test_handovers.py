import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from domain.accounts.handovers import create_handover
from domain.accounts.one_time_tokens import Purpose
from domain.accounts.password_resets import set_password
from domain.accounts.user_accounts import activate_user, deactivate_user, end_sessions
from domain.accounts.users import User, UserType
from domain.sellers.sellers import Seller
from handlers.auth.one_time_links import read_token, sign_token
from handlers.settings import Settings
from persistence.database import Database, utc_now
from tests.support.application import Clients, Shop

HANDOVER, ORDERS = "/users/handover/", "/users/orders/"
EMAIL = "ayse@example.com"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OPERATOR = "operator:test"


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user(email=EMAIL, password_hash=None)


@pytest.fixture
def storefront(clients: Clients, shop: Shop) -> TestClient:
    """The client of the shop's own system."""
    return clients.selling(shop.shop_token())


@pytest.fixture
def token(storefront: TestClient, shopper: User) -> str:
    return token_of(make(storefront).json()["url"])


def make(client: TestClient, email: str = EMAIL) -> Any:
    return client.post(HANDOVER, json={"email": email})


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["token"][0]


def redeem(client: TestClient, token: str, **options: Any) -> Any:
    params = {"token": token} | options.pop("params", {})
    return client.get(HANDOVER, params=params, **options)


class TestCreate:
    def test_returns_a_link_that_opens_a_session(
        self, storefront: TestClient, shopper: User, client: TestClient, settings: Settings
    ) -> None:
        response = make(storefront, "AYSE@example.com")

        logged = response.json()
        assert response.status_code == 201
        assert logged["url"].startswith(f"{settings.base_url}/users/handover/?token=")
        left = datetime.fromisoformat(logged["expires_at"]) - utc_now()
        assert timedelta(seconds=50) < left <= timedelta(seconds=60)
        assert redeem(client, token_of(logged["url"])).status_code == 303
        assert client.get(ORDERS).status_code == 200

    def test_finds_only_active_registered_users(self, storefront: TestClient, shop: Shop) -> None:
        shop.user(email="gone@example.com", is_active=False)
        shop.user(email="guest@example.com", user_type=UserType.GUEST)

        for email in ("gone@example.com", "guest@example.com", "unknown@example.com", "no mail"):
            response = make(storefront, email)
            assert (response.status_code, response.json()["error_code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("sent", "status"), [({}, 400), ({"email": ""}, 400), ({"email": 1}, 400), ([], 400)]
    )
    def test_refuses_an_invalid_body(self, storefront: TestClient, sent: Any, status: int) -> None:
        assert storefront.post(HANDOVER, json=sent).status_code == status

    def test_is_audited_and_logged_without_secrets(
        self,
        storefront: TestClient,
        shopper: User,
        client: TestClient,
        shop: Shop,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            token = token_of(make(storefront).json()["url"])
            redeem(client, token)
            redeem(client, token)

        with shop.database.reading() as uow:
            trail = [(entry.actor, entry.note) for entry in uow.audit.entries(shopper.uuid)]
        [(maker, made), redeemed] = trail
        assert maker.startswith("shop:")
        assert made == "handover created"
        assert redeemed == (f"user:{shopper.pk}", "handover redeemed")
        logged = [record.getMessage() for record in caplog.records if record.name != "httpx"]
        assert not any(token in line or EMAIL in line for line in logged)


class TestAccess:
    def test_needs_a_token(self, clients: Clients, shop: Shop, shopper: User) -> None:
        callers = [
            clients.new(),
            clients.posting(shop.session(shopper)),
            clients.selling("wbs_" + "x" * 43),
            clients.selling(shop.shop_token(days=-1)),
        ]

        for client in callers:
            response = make(client)
            assert (response.status_code, response.json()["error_code"]) == (
                401,
                "not_authenticated",
            )
            assert response.headers["WWW-Authenticate"].startswith('Bearer realm="shop"')

    def test_refuses_a_sellers_token(self, trading: TestClient, seller: Seller) -> None:
        response = make(trading)

        assert (response.status_code, response.json()["error_code"]) == (403, "missing_scope")
        assert 'scope="shoppers:login"' in response.headers["WWW-Authenticate"]

    @pytest.mark.parametrize(
        "path",
        ["orders", "order-items", "cancellation-plans", "customer-addresses"],
    )
    def test_a_token_of_the_shop_gives_no_access_to_sellers_lists(
        self, storefront: TestClient, path: str
    ) -> None:
        response = storefront.get(f"/api/i1/{path}/")

        assert (response.status_code, response.json()["error_code"]) == (403, "missing_scope")


class TestRedeem:
    def test_sets_the_cookies_of_a_login(self, client: TestClient, token: str) -> None:
        response = redeem(client, token)

        cookies = response.headers.get_list("set-cookie")
        names = [cookie.partition("=")[0] for cookie in cookies]
        assert names == ["sessionid", "csrftoken", "ordergrant"]
        assert "HttpOnly" in cookies[0]
        assert "Max-Age=0" in cookies[2]  # an earlier grant is dropped
        headers = {"x-csrftoken": client.cookies["csrftoken"]}
        assert client.post("/users/logout/", headers=headers).status_code == 204

    @pytest.mark.parametrize(
        ("params", "target"), [({}, "/docs"), ({"next": ORDERS}, ORDERS), ({"next": ""}, "/docs")]
    )
    def test_redirects_to_next(
        self, client: TestClient, token: str, params: dict[str, str], target: str
    ) -> None:
        assert redeem(client, token, params=params).headers["Location"] == target

    @pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil"])
    def test_refuses_to_redirect_to_another_site(
        self, client: TestClient, token: str, target: str
    ) -> None:
        assert redeem(client, token, params={"next": target}).status_code == 400
        assert redeem(client, token).status_code == 303

    def test_ends_an_earlier_session_of_the_browser(
        self, clients: Clients, shop: Shop, token: str
    ) -> None:
        planted = shop.session(shop.user())

        redeem(clients.new(planted), token)

        assert clients.new(planted).get(ORDERS).status_code == 401

    def test_works_once(self, clients: Clients, token: str) -> None:
        assert redeem(clients.new(), token).status_code == 303

        again = redeem(clients.new(), token)

        assert (again.status_code, again.json()["error_code"]) == (410, "link_expired")
        assert "set-cookie" not in again.headers

    def test_shows_browsers_a_page_for_a_used_link(self, client: TestClient) -> None:
        response = redeem(client, "x", headers=HTML)

        assert response.status_code == 410
        assert "<h1>This link is no longer valid</h1>" in response.text
        assert "Go back to the shop" in response.text

    @pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose", "X-Moz"])
    def test_refuses_prefetches(self, client: TestClient, token: str, header: str) -> None:
        refused = redeem(client, token, headers={header: "prefetch"})

        assert (refused.status_code, refused.json()["error_code"]) == (403, "prefetch_refused")
        assert redeem(client, token).status_code == 303

    def test_refuses_head(self, client: TestClient, token: str) -> None:
        response = client.head(HANDOVER, params={"token": token})

        assert response.status_code == 405
        assert redeem(client, token).status_code == 303

    def test_refuses_the_token_of_a_password_reset(
        self, client: TestClient, token: str, settings: Settings
    ) -> None:
        uuid = read_token(token, Purpose.HANDOVER, settings)

        assert redeem(client, sign_token(uuid, Purpose.PASSWORD_RESET, settings)).status_code == 410
        assert redeem(client, token).status_code == 303

    def test_fails_after_a_minute(
        self, client: TestClient, shop: Shop, shopper: User, settings: Settings, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(
            shop.database, "_clock", lambda: utc_now() - timedelta(seconds=60), raising=True
        )
        with shop.database.writing() as uow:
            made = create_handover(EMAIL, OPERATOR, uow)
        monkeypatch.undo()

        assert redeem(client, sign_token(made.uuid, Purpose.HANDOVER, settings)).status_code == 410


def deactivated(database: Any) -> None:
    for change in (deactivate_user, activate_user):
        database.write(lambda uow: change(EMAIL, UserType.REGISTERED, OPERATOR, uow))  # noqa: B023


def logged_out(database: Any) -> None:
    database.write(lambda uow: end_sessions(EMAIL, UserType.REGISTERED, OPERATOR, uow))


def given_a_password(database: Any) -> None:
    database.write(lambda uow: set_password(EMAIL, "hash", OPERATOR, uow))


@pytest.mark.parametrize("change", [deactivated, logged_out, given_a_password])
def test_links_become_invalid_when_the_sessions_end(
    client: TestClient, shop: Shop, shopper: User, token: str, change: Any
) -> None:
    change(shop.database)

    assert redeem(client, token).status_code == 410


def test_links_of_an_inactive_user_are_invalid(
    client: TestClient, token: str, database: Database
) -> None:
    with database.writing() as uow:
        user = uow.users.by_email_key(EMAIL, UserType.REGISTERED)
        assert user is not None
        user.is_active = False
        uow.commit()

    assert redeem(client, token).status_code == 410
