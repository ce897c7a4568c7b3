"""`WAYBILL_DOCS=false`: the documentation's paths are unknown, and nothing leads to them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from domain.accounts.one_time_tokens import Purpose
from domain.accounts.users import User
from handlers.app import create_app, database_of
from handlers.auth.passwords import Argon2Passwords
from handlers.contract.asgi.routing import ContractApp
from handlers.contract.document.bundle import load_contract
from handlers.documentation import remove_documentation
from handlers.settings import Settings
from tests.support.application import Check, Clients, Shop
from tests.support.exchange_validator import ExchangeValidator, HeaderValidator

HTML = {"Accept": "text/html"}
PASSWORD = "correct horse battery staple"
PATHS = [
    path.replace("{name}", "swagger.js")
    for path, item in load_contract().document["paths"].items()
    if any("Documentation" in operation.get("tags", ()) for operation in item.values())
]


@pytest.fixture
def bare_app(settings: Settings) -> Iterator[ContractApp]:
    app = create_app(replace(settings, docs=False))
    yield app
    database_of(app).close()


@pytest.fixture
def bare(bare_app: ContractApp) -> TestClient:
    """A client of a server without documentation; its contract is the published one without it."""
    document = load_contract(adapt=remove_documentation).document
    checks: list[Check] = [ExchangeValidator(document).check, HeaderValidator(document).check]
    return Clients(bare_app, checks).new()


def test_all_paths_of_the_documentation_are_unknown() -> None:
    assert {"/docs", "/docs/errors", "/reference", "/redoc", "/openapi.json"} <= set(PATHS)


def test_they_are_answered_as_any_unknown_path(bare: TestClient) -> None:
    for path in PATHS:
        for method in ("GET", "HEAD", "POST"):
            response, unknown = (bare.request(method, url) for url in (path, "/no/such/path"))
            assert response.status_code == unknown.status_code == 404
            assert response.content == unknown.content


def test_the_others_are_served(bare: TestClient) -> None:
    assert bare.get("/healthz").status_code == 200
    assert bare.get("/users/orders/").status_code == 401


@pytest.mark.parametrize("path", ["/users/login/", "/users/password/reset/"])
def test_no_page_leads_to_them(bare: TestClient, client: TestClient, path: str) -> None:
    assert "/docs" in client.get(path, headers=HTML).text
    assert "/docs" not in bare.get(path, headers=HTML).text


def test_a_login_leads_to_the_orders(bare: TestClient, shop: Shop) -> None:
    user = shop.user(password_hash=Argon2Passwords().hash(PASSWORD))
    form = {"email": user.email, "password": PASSWORD}

    response = bare.post("/users/login/", data=form)

    assert (response.status_code, response.headers["location"]) == (303, "/users/orders/")
    assert bare.get("/users/orders/").status_code == 200


def test_so_does_a_handover(bare: TestClient, shop: Shop, shopper: User) -> None:
    token = shop.link(shopper, Purpose.HANDOVER)

    response = bare.get("/users/handover/", params={"token": token})

    assert (response.status_code, response.headers["location"]) == (303, "/users/orders/")
