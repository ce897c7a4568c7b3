import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from handlers.auth.cookie_names import name_cookies
from handlers.contract.document.bundle import load_contract
from handlers.settings import Settings
from persistence.database import Database
from tests.support.application import Check, Clients, Shop
from tests.support.exchange_validator import ExchangeValidator
from tests.support.logins import (
    EMAIL,
    LOGIN,
    PASSWORD,
    PASSWORD_HASH,
    cookies_of,
    log_in,
    log_in_by_form,
)

ORDERS = "/users/orders/"


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user(email=EMAIL, password_hash=PASSWORD_HASH, first_name="Ayşe")


class TestLogIn:
    def test_returns_the_user_as_json(self, client: TestClient, shopper: User) -> None:
        response = log_in(client, email="AYSE@example.com")

        assert response.status_code == 200
        described = response.json()
        assert (described.pop("key"), described.pop("csrf_token")) == (
            client.cookies["sessionid"],
            client.cookies["csrftoken"],
        )
        assert described == {
            "pk": shopper.pk,
            "id": shopper.pk,
            "email": EMAIL,
            "first_name": "Ayşe",
            "last_name": shopper.last_name,
            "user_type": "registered",
        }
        assert client.get(ORDERS).status_code == 200

    @pytest.mark.usefixtures("shopper")
    def test_accepts_a_body_in_chunks(self, client: TestClient) -> None:
        raw = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
        headers = {"Content-Type": "application/json"}

        response = client.post(LOGIN, content=iter([raw[:9], raw[9:]]), headers=headers)

        assert response.status_code == 200

    @pytest.mark.usefixtures("shopper")
    def test_hides_the_session_from_scripts_and_other_sites(self, client: TestClient) -> None:
        cookies = cookies_of(log_in(client))

        assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"} <= cookies["sessionid"]
        assert {"SameSite=Lax", "Path=/"} <= cookies["csrftoken"]
        assert "HttpOnly" not in cookies["csrftoken"]

    @pytest.mark.usefixtures("shopper")
    @pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
    def test_sets_secure_cookies_over_https(
        self, client: TestClient, scheme: str, secure: bool
    ) -> None:
        client.base_url = f"{scheme}://testserver"

        cookies = cookies_of(log_in(client))

        names = ("sessionid", "csrftoken", "knowndevice")
        assert ["Secure" in cookies[name] for name in names] == [secure] * 3

    @pytest.mark.usefixtures("shopper")
    def test_ends_a_planted_session(self, clients: Clients, shop: Shop) -> None:
        planted = shop.session(shop.user())
        client = clients.new(planted)
        assert client.get(ORDERS).status_code == 200

        log_in(client)

        assert clients.new(planted).get(ORDERS).status_code == 401

    @pytest.mark.parametrize(
        ("fields", "target"),
        [({}, "/docs"), ({"next": ""}, "/docs"), ({"next": "/redoc?a=1&b"}, "/redoc?a=1&b")],
    )
    @pytest.mark.usefixtures("shopper")
    def test_redirects_a_form_to_next(
        self, client: TestClient, fields: dict[str, str], target: str
    ) -> None:
        response = log_in_by_form(client, **fields)

        assert (response.status_code, response.headers["Location"]) == (303, target)
        assert client.get(ORDERS).status_code == 200

    def test_renews_a_hash_with_weaker_parameters(
        self, client: TestClient, shop: Shop, database: Database
    ) -> None:
        weak = PasswordHasher(memory_cost=1024, time_cost=1, parallelism=1).hash(PASSWORD)
        user = shop.user(email=EMAIL, password_hash=weak)

        log_in(client)

        with database.reading() as uow:
            stored = uow.users.get(user.pk)
            assert stored is not None
            assert str(stored.password_hash).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert log_in(client).status_code == 200


class TestFailedLogIn:
    def test_has_the_same_response_for_every_reason(self, client: TestClient, shop: Shop) -> None:
        shop.user(email=EMAIL, password_hash=PASSWORD_HASH)
        shop.user(email="gone@example.com", password_hash=PASSWORD_HASH, is_active=False)
        shop.user(email="guest@example.com", user_type=UserType.GUEST)

        responses = {
            (response.status_code, response.content, tuple(cookies_of(response)))
            for response in [
                log_in(client, password="Correct horse"),
                log_in(client, email="unknown@example.com"),
                log_in(client, email="gone@example.com"),
                log_in(client, email="guest@example.com"),
                log_in(client, email="no address"),
            ]
        }

        ((status, body, cookies),) = responses
        assert (status, cookies) == (400, ())
        assert b'"error_code":"login_failed"' in body

    @pytest.mark.usefixtures("shopper")
    def test_shows_the_form_again(self, client: TestClient) -> None:
        headers = {"Accept-Language": "tr"}

        response = log_in_by_form(client, headers, password="wrong", next="/redoc")

        assert (response.status_code, cookies_of(response)) == (400, {})
        assert "Verilen bilgilerle giriş yapılamadı." in response.text
        assert 'name="next" value="/redoc"' in response.text
        assert EMAIL not in response.text

    @pytest.mark.usefixtures("shopper")
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("email", "x" * 255),
            ("email", None),
            ("email", 1),
            ("password", "x" * 1025),
            ("password", ""),
            ("next", "//evil.example"),
            ("next", "/\\evil.example"),
            ("next", "https://evil.example/"),
            ("next", "/docs\r\nSet-Cookie: a=b"),
            ("next", "/\t/evil.example"),
        ],
    )
    def test_names_the_invalid_field(self, client: TestClient, field: str, value: Any) -> None:
        response = log_in(client, **{field: value})

        assert (response.status_code, cookies_of(response)) == (400, {})
        assert set(response.json()) == {field, "error_code"}

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"email": "\\ud800", "password": "x"}'])
    def test_refuses_an_invalid_body(self, client: TestClient, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}

        assert client.post(LOGIN, content=body, headers=headers).status_code == 400

    @pytest.mark.usefixtures("shopper")
    @pytest.mark.parametrize("origin", ["https://evil.example", "null"])
    def test_refuses_a_form_of_another_site(self, client: TestClient, origin: str) -> None:
        response = log_in_by_form(client, {"Origin": origin})

        assert (response.status_code, cookies_of(response)) == (403, {})
        assert response.json()["error_code"] == "origin_mismatch"


@pytest.mark.usefixtures("shopper")
class TestHiddenOrigin:
    @pytest.mark.parametrize(
        ("site", "status"),
        [("same-origin", 303), ("none", 303), ("same-site", 403), ("cross-site", 403)],
    )
    def test_is_accepted_only_from_the_same_site(
        self, client: TestClient, site: str, status: int
    ) -> None:
        response = log_in_by_form(client, {"Sec-Fetch-Site": site})

        assert response.status_code == status
        assert bool(cookies_of(response)) == (status == 303)


class TestTwoSessionCookies:
    def test_that_differ_are_refused(self, clients: Clients, shop: Shop, shopper: User) -> None:
        own, planted = shop.session(shopper), shop.session(shop.user())
        client = clients.new()

        def get(*sessions: str) -> int:
            cookies = "; ".join(f"sessionid={session}" for session in sessions)
            status: int = client.get(ORDERS, headers={"Cookie": cookies}).status_code
            return status

        assert get(own) == get(own, own) == 200
        assert get(planted, own) == get(own, planted) == get(own, "") == 401


class TestPrefixedCookies:
    @pytest.fixture(params=[{"secure_cookies": True}, {"public_url": "https://shop.example/"}])
    def settings(self, settings: Settings, request: pytest.FixtureRequest) -> Settings:
        return replace(settings, **request.param)

    @pytest.fixture
    def exchange_checks(self) -> list[Check]:
        """The contract with prefixed names of cookies."""
        named = partial(name_cookies, session_cookie="__Host-sessionid", prefix="__Host-")
        contract = load_contract(adapt=named)
        return [ExchangeValidator(contract.document).check]

    @pytest.mark.usefixtures("shopper")
    def test_are_set_read_and_dropped(self, client: TestClient) -> None:
        names = {"__Host-sessionid", "__Host-csrftoken", "__Host-ordergrant", "__Host-knowndevice"}
        client.base_url = "https://testserver"

        cookies = cookies_of(log_in(client))

        assert set(cookies) == names
        assert all({"Secure", "Path=/"} <= attributes for attributes in cookies.values())
        assert not any(part.startswith("Domain") for parts in cookies.values() for part in parts)
        assert client.get(ORDERS).status_code == 200
        token = client.cookies["__Host-csrftoken"]
        assert client.get("/csrf_token/").json()["csrf_token"] == token
        dropped = client.post("/users/logout/", headers={"x-csrftoken": token})
        assert set(cookies_of(dropped)) == names - {"__Host-knowndevice"}
        assert all("Secure" in attributes for attributes in cookies_of(dropped).values())
        assert list(client.cookies) == ["__Host-knowndevice"]

    def test_replace_cookies_without_the_prefix(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        session = shop.session(shopper)

        assert clients.new(session).get(ORDERS).status_code == 401

    @pytest.mark.parametrize("path", ["/openapi.json", "/openapi.full.json"])
    def test_are_in_the_published_contract(self, client: TestClient, path: str) -> None:
        document = client.get(path)

        schemes = document.json()["components"]["securitySchemes"]
        assert schemes["SessionCookie"]["name"] == "__Host-sessionid"
        assert schemes["OrderGrant"]["name"] == "__Host-ordergrant"
        for name in ("sessionid", "csrftoken", "ordergrant", "knowndevice"):
            assert f"`{name}`" not in document.text
            assert f"`{name}=" not in document.text


class TestShowLoginPage:
    @pytest.mark.parametrize(
        ("language", "title"), [("tr", "Giriş yap"), ("en", "Log in"), ("de", "Log in")]
    )
    def test_is_in_the_language_of_the_browser(
        self, client: TestClient, language: str, title: str
    ) -> None:
        response = client.get(LOGIN, headers={"Accept-Language": language})

        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f"<h1>{title}</h1>" in response.text
        assert "role=" not in response.text

    def test_escapes_the_target_of_the_redirect(self, client: TestClient) -> None:
        page = client.get(LOGIN, params={"next": '/"><script>alert(1)</script>'}).text

        assert "<script" not in page
        assert 'value="/&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page

    @pytest.mark.parametrize("target", ["//evil", "/\\evil", "http://evil", "evil", "/a b", "/\0"])
    def test_refuses_to_redirect_to_another_site(self, client: TestClient, target: str) -> None:
        response = client.get(LOGIN, params={"next": target})

        assert response.status_code == 400
        assert set(response.json()) == {"next", "error_code"}


class TestLogOut:
    def test_ends_the_session(self, clients: Clients, shop: Shop, shopper: User) -> None:
        client = clients.new()
        log_in(client)
        session = client.cookies["sessionid"]

        response = client.post(
            "/users/logout/", headers={"x-csrftoken": client.cookies["csrftoken"]}
        )

        assert response.status_code == 204
        assert "content-type" not in response.headers
        assert list(client.cookies) == ["knowndevice"]
        assert clients.new(session).get(ORDERS).status_code == 401
        assert clients.new(shop.session(shopper)).get(ORDERS).status_code == 200

    def test_needs_a_session(self, client: TestClient) -> None:
        assert client.post("/users/logout/").status_code == 401

    def test_needs_a_csrf_token(self, shopping: TestClient) -> None:
        response = shopping.post("/users/logout/")

        assert response.status_code == 403
        assert response.json()["error_code"] == "csrf_failed"
        assert shopping.get(ORDERS).status_code == 200


class TestSession:
    def test_has_the_same_refusal_for_every_reason(self, clients: Clients, shop: Shop) -> None:
        inactive = shop.user(is_active=False)
        values = [
            None,
            "x" * 43,
            "x" * 42,
            "x" * 4000,
            shop.session(shop.user(), days=-1),
            shop.session(inactive),
        ]

        responses = {
            (response.status_code, response.content)
            for response in (clients.new(value).get(ORDERS) for value in values)
        }

        ((status, body),) = responses
        assert status == 401
        assert b'"error_code":"not_authenticated"' in body

    @pytest.mark.parametrize(
        ("path", "escaped"),
        [
            ("/users/orders/7/", "/users/orders/7/"),
            ("/users/orders/7/?a=%22&b", "/users/orders/7/%3Fa%3D%2522%26b"),
            ("/users/orders/%C4%B1%20/", "/users/orders/%25C4%25B1%2520/"),
        ],
    )
    def test_that_is_missing_redirects_browsers_to_the_login_page(
        self, client: TestClient, path: str, escaped: str
    ) -> None:
        response = client.get(path, headers={"Accept": "text/html", "Accept-Language": "tr"})

        target = f"/users/login/?next={escaped}"
        assert response.status_code == 403
        assert f'content="0; url={target}"' in response.text
        assert f'<a href="{target}">Giriş sayfasına git</a>' in response.text
        assert f'name="next" value="{path.replace("&", "&amp;")}"' in client.get(target).text

    def test_that_is_missing_is_401_for_clients_that_prefer_json(self, client: TestClient) -> None:
        response = client.get(ORDERS, headers={"Accept": "application/json, text/html;q=0.9"})

        assert response.status_code == 401
