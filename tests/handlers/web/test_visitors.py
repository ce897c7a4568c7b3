"""The user's name in the documentation; the credentials on the login page of the demo shop."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.shared.errors import Unavailable
from handlers.auth.passwords import Argon2Passwords
from handlers.contract.asgi.routing import ContractApp
from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from handlers.web.request_context import PARTS
from tests.handlers.accounts.test_logout_forms import token_of
from tests.support.application import Clients, Shop

Change = Callable[..., None]

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
PAGES = ("/docs", "/reference")
LOGIN = "/users/login/"


@pytest.fixture
def change(app: ContractApp) -> Iterator[Change]:
    """Changes settings of the application during a test."""
    extensions = app.app.extensions
    usual = extensions[PARTS]

    def changed(**settings: object) -> None:
        extensions[PARTS] = replace(usual, settings=replace(usual.settings, **settings))

    yield changed
    extensions[PARTS] = usual


@pytest.fixture
def unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Iterator[None]:
        raise Unavailable

    monkeypatch.setattr("handlers.web.visitors.reading", refuse)


@pytest.mark.parametrize("path", PAGES)
class TestBar:
    def test_shows_the_user_and_a_log_out(self, clients: Clients, shop: Shop, path: str) -> None:
        user = shop.user(first_name="<Ayşe>", last_name="Yılmaz")
        client = clients.new(shop.session(user))

        page = client.get(path)

        assert "&lt;Ayşe&gt; Yılmaz" in page.text
        assert f'title="{user.email}"' in page.text
        assert page.headers["cache-control"] == "no-store"
        assert f"{LOGIN}?next=" not in page.text
        form = {"csrfmiddlewaretoken": token_of(page.text), "next": path}
        response = client.post("/users/logout", data=form)
        assert (response.status_code, response.headers["location"]) == (303, path)
        assert f"{LOGIN}?next={path}" in client.get(path).text

    def test_shows_the_email_of_a_user_without_a_name(
        self, clients: Clients, shop: Shop, path: str
    ) -> None:
        user = shop.user(first_name="", last_name="")

        page = clients.new(shop.session(user)).get(path)

        assert f">{user.email}</span>" in page.text

    @pytest.mark.parametrize("session", [None, "x" * 43])
    def test_shows_a_log_in_without_a_session(
        self, clients: Clients, path: str, session: str | None
    ) -> None:
        page = clients.new(session).get(path)

        assert f"{LOGIN}?next={path}" in page.text
        assert "set-cookie" not in page.headers
        assert "csrfmiddlewaretoken" not in page.text

    @pytest.mark.parametrize("key", ["x", "{session}"])
    def test_ignores_the_cookie_beside_a_key(
        self, clients: Clients, shop: Shop, shopper: User, path: str, key: str
    ) -> None:
        session = shop.session(shopper)
        headers = {"Authorization": f"Session {key.format(session=session)}"}

        assert shopper.email not in clients.new(session).get(path, headers=headers).text

    @pytest.mark.usefixtures("unavailable")
    def test_is_shown_without_the_database(self, shopping: TestClient, path: str) -> None:
        page = shopping.get(path)

        assert page.status_code == 200
        assert f"{LOGIN}?next={path}" in page.text


class TestLoginPage:
    @pytest.mark.parametrize(
        ("sender", "name"),
        [
            ("Kapadokya Ev <orders@shop.example>", "Kapadokya Ev"),
            ("Fish & Co <orders@shop.example>", "Fish &amp; Co"),
            ("orders@shop.example", "Waybill"),
        ],
    )
    def test_has_the_name_of_the_shop_and_a_link_back(
        self, client: TestClient, change: Change, sender: str, name: str
    ) -> None:
        change(mail_from=sender)

        page = client.get(LOGIN).text

        assert f'<p class="shop">{name}</p>' in page
        assert f"· {name}</title>" in page
        assert 'href="/docs"' in page

    def test_shows_the_credentials_of_the_demo(
        self, client: TestClient, shop: Shop, change: Change
    ) -> None:
        change(demo=True)
        shop.user(email=DEMO_EMAIL, password_hash=Argon2Passwords().hash(DEMO_PASSWORD))

        page = client.get(f"{LOGIN}?next=/reference", headers={"Accept-Language": "tr"}).text

        assert f"<dd>{DEMO_EMAIL}</dd>" in page
        assert f"<dd>{DEMO_PASSWORD}</dd>" in page
        form = dict(HIDDEN.findall(page.partition('class="demo"')[2]))
        response = client.post(LOGIN, data=form)
        assert (response.status_code, response.headers["location"]) == (303, "/reference")

    @pytest.mark.parametrize("email", [DEMO_EMAIL, "own@shop.example"])
    def test_shows_none_if_the_demo_shopper_can_not_log_in(
        self, client: TestClient, shop: Shop, change: Change, email: str
    ) -> None:
        change(demo=True)
        shop.user(email=email, is_active=email != DEMO_EMAIL)

        assert DEMO_PASSWORD not in client.get(LOGIN).text

    @pytest.mark.usefixtures("unavailable")
    def test_is_shown_without_the_database(self, client: TestClient, change: Change) -> None:
        change(demo=True)

        assert client.get(LOGIN).status_code == 200

    def test_shows_no_credentials_outside_the_demo(self, client: TestClient, shop: Shop) -> None:
        shop.user(email=DEMO_EMAIL)

        assert DEMO_EMAIL not in client.get(LOGIN).text
