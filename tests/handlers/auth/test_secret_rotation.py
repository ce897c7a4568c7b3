"""A change of the secret over two servers, as docs/operations/secrets.md describes it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.one_time_tokens import Purpose
from domain.accounts.users import User, UserType
from domain.orders.orders import Order
from handlers.app import create_app, database_of
from handlers.auth.one_time_links import sign_token
from handlers.auth.passwords import Argon2Passwords
from handlers.contract.asgi.routing import ContractApp
from handlers.settings import Settings
from handlers.web.request_context import PARTS
from tests.support.application import Check, Clients, Shop
from tests.support.trade_in_clients import BROWSER, page_url, stored

OLD, NEW = "the old secret of thirty-two characters", "the new secret of thirty-two characters"
BEFORE = {"secret": OLD}
ADDED = {"secret": OLD, "secret_previous": NEW}
SWAPPED = {"secret": NEW, "secret_previous": OLD}
AFTER = {"secret": NEW}
PASSWORD = "correct horse battery staple"
PASSWORD_HASH = Argon2Passwords().hash(PASSWORD)

REQUESTS = "/users/orders/cancellation_requests/"
BOTH_WAYS = ((0, 1), (1, 0))

Start = Callable[[dict[str, str]], ContractApp]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Starts servers with these secrets on the database of the test."""
    apps: list[ContractApp] = []

    def started(secrets: dict[str, str]) -> ContractApp:
        changes: dict[str, Any] = {**secrets}
        apps.append(create_app(replace(settings, **changes)))
        return apps[-1]

    yield started
    for app in apps:
        database_of(app).close()


class Browser:
    """One browser, whose requests a balancer gives to any of the servers."""

    def __init__(self, servers: list[ContractApp], checks: list[Check]) -> None:
        self._clients = [Clients(app, checks).new() for app in servers]
        for client in self._clients[1:]:
            client.cookies = self._clients[0].cookies.jar

    def at(self, server: int) -> TestClient:
        """The browser's client of a server; its scripts show the CSRF token."""
        client = self._clients[server]
        client.headers["x-csrftoken"] = client.cookies.get("csrftoken", "")
        return client


def draft(shop: Shop, order: Order) -> dict[str, Any]:
    """A request to cancel an item of the order."""
    item, reason = order.items[0].pk, shop.reason().pk
    return {"order_item": item, "reason": reason, "cancellation_type": "cancel"}


@pytest.fixture
def owner(shop: Shop) -> User:
    return shop.user(password_hash=PASSWORD_HASH)


@pytest.mark.parametrize(
    "stages",
    [(BEFORE, ADDED), (ADDED, SWAPPED), (SWAPPED, AFTER)],
    ids=["the new one is added", "both are swapped", "the old one is removed"],
)
class TestRollout:
    """The two servers of a moment in which one of them has been restarted with the next stage."""

    @pytest.fixture
    def servers(self, start: Start, stages: tuple[dict[str, str], ...]) -> list[ContractApp]:
        return [start(secrets) for secrets in stages]

    @pytest.fixture
    def browser(self, servers: list[ContractApp], exchange_checks: list[Check]) -> Browser:
        return Browser(servers, exchange_checks)

    def test_keeps_shoppers_sessions(self, shop: Shop, owner: User, browser: Browser) -> None:
        for first, second in BOTH_WAYS:
            login = {"email": owner.email, "password": PASSWORD}
            assert browser.at(first).post("/users/login/", json=login).status_code == 200

            for server in (second, first, second):
                body = draft(shop, shop.order(owner))
                assert browser.at(server).post(REQUESTS, json=body).status_code == 200

    def test_keeps_guests_grants(self, shop: Shop, browser: Browser) -> None:
        for first, second in BOTH_WAYS:
            guest = shop.user(user_type=UserType.GUEST)
            order = shop.order(guest, user_email=guest.email)
            look_up = {"email": guest.email, "order": order.number}
            response = browser.at(first).post("/users/orders/anonymous/", json=look_up)
            assert response.status_code == 200

            path = "/users/orders/anonymous/cancellation_requests/"
            body = draft(shop, order)
            assert browser.at(second).post(path, json=body).status_code == 200

    def test_keeps_the_links_of_e_mails(
        self, shop: Shop, owner: User, servers: list[ContractApp], browser: Browser
    ) -> None:
        for first, second in BOTH_WAYS:
            signing = settings_of(servers[first])
            offer = page_url(stored(shop, owner), signing)
            reset = sign_token(shop.one_time_token(owner).uuid, Purpose.PASSWORD_RESET, signing)

            client = browser.at(second)

            assert client.get(offer, headers=BROWSER).status_code == 200
            body = {"token": reset, "password": "battery staple"}
            assert client.post("/users/password/", json=body).status_code == 200


def settings_of(app: ContractApp) -> Settings:
    settings: Settings = app.app.extensions[PARTS].settings
    return settings


def test_tokens_of_the_old_secret_are_replaced_before_it_is_removed(
    shop: Shop, owner: User, start: Start, exchange_checks: list[Check]
) -> None:
    browser = Browser([start(stage) for stage in (BEFORE, SWAPPED, AFTER)], exchange_checks)
    login = {"email": owner.email, "password": PASSWORD}
    browser.at(0).post("/users/login/", json=login)
    in_open_tab = browser.at(0).headers["x-csrftoken"]

    browser.at(1).get("/csrf_token/")
    bodies = [draft(shop, shop.order(owner)) for _ in range(2)]
    tab = browser.at(1).post(REQUESTS, json=bodies[0], headers={"x-csrftoken": in_open_tab})

    assert tab.status_code == 200
    assert browser.at(2).post(REQUESTS, json=bodies[1]).status_code == 200


def test_what_another_secret_signed_is_refused(
    shop: Shop, owner: User, start: Start, exchange_checks: list[Check]
) -> None:
    browser = Browser([start(BEFORE), start(AFTER)], exchange_checks)
    login = {"email": owner.email, "password": PASSWORD}
    browser.at(0).post("/users/login/", json=login)

    body = draft(shop, shop.order(owner))
    response = browser.at(1).post(REQUESTS, json=body)

    assert (response.status_code, response.json()["error_code"]) == (403, "csrf_failed")
