"""Limits on failed log-ins over HTTP; handlers/auth/rate_limits.py has the numbers."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from handlers.auth.passwords import Argon2Passwords
from handlers.contract.asgi.routing import ContractApp
from handlers.web.request_context import PARTS
from tests.support.application import Clients, Shop
from tests.support.logins import EMAIL, PASSWORD_HASH, cookies_of, log_in, log_in_by_form


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user(email=EMAIL, password_hash=PASSWORD_HASH, first_name="Ayşe")


@pytest.mark.usefixtures("shopper")
class TestTooManyLogIns:
    def test_refuse_even_the_right_password_after_ten_misses(self, client: TestClient) -> None:
        for _ in range(10):
            assert log_in(client, password="wrong").status_code == 400

        response = log_in(client)

        assert (response.status_code, cookies_of(response)) == (429, {})
        assert response.json()["error_code"] == "too_many_attempts"
        assert 890 <= int(response.headers["Retry-After"]) <= 900

    def test_are_shown_on_the_page(self, client: TestClient) -> None:
        for _ in range(10):
            log_in(client, password="wrong")

        response = log_in_by_form(client)

        assert response.status_code == 429
        assert "Too many attempts. Try again later." in response.text
        assert int(response.headers["Retry-After"]) > 0

    def test_do_not_include_successful_logins(self, client: TestClient) -> None:
        assert {log_in(client).status_code for _ in range(11)} == {200}


@pytest.mark.usefixtures("shopper")
class TestKnownDevice:
    def test_is_not_locked_out_by_others(self, clients: Clients) -> None:
        known, stranger = clients.new(), clients.new()
        log_in(known)
        for _ in range(10):
            assert log_in(stranger, password="wrong").status_code == 400

        assert log_in(stranger).status_code == 429
        assert log_in(known).status_code == 200

    def test_has_ten_attempts_of_its_own(self, client: TestClient) -> None:
        log_in(client)
        for _ in range(10):
            assert log_in(client, password="wrong").status_code == 400
        assert log_in(client).status_code == 429

        client.cookies.delete("knowndevice")
        assert log_in(client).status_code == 200

    def test_is_known_only_for_its_own_account(self, clients: Clients, shop: Shop) -> None:
        shop.user(email="other@example.com", password_hash=PASSWORD_HASH)
        known = clients.new()
        log_in(known, email="other@example.com")
        for _ in range(10):
            log_in(clients.new(), password="wrong")

        assert log_in(known).status_code == 429

    def test_gets_no_cookie_for_a_miss(self, client: TestClient) -> None:
        assert cookies_of(log_in(client, password="wrong")) == {}


@pytest.mark.usefixtures("shopper")
class TestParallelLogIns:
    def test_verify_no_more_passwords_than_the_limit(
        self, app: ContractApp, clients: Clients
    ) -> None:
        passwords = CountingPasswords()
        extensions = app.app.extensions
        extensions[PARTS] = replace(extensions[PARTS], passwords=passwords)
        client = clients.new()

        with ThreadPoolExecutor(20) as threads:
            responses = list(threads.map(lambda _: log_in(client, password="wrong"), range(60)))

        statuses = Counter(response.status_code for response in responses)
        assert set(statuses) == {400, 429}
        assert statuses[400] == passwords.verified <= 10


class CountingPasswords(Argon2Passwords):
    def __init__(self) -> None:
        super().__init__()
        self.verified = 0
        self._lock = Lock()

    def verify(self, password_hash: str | None, password: str) -> bool:
        with self._lock:
            self.verified += 1
        return super().verify(password_hash, password)
