import logging
import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from domain.accounts.one_time_tokens import OneTimeToken, Purpose
from domain.accounts.user_accounts import activate_user, deactivate_user
from domain.accounts.users import User, UserType
from domain.audit import AuditEntry
from domain.outbox import OutboxEvent, OutboxKind, OutboxStatus
from domain.shared.paging import PageRequest
from handlers.auth.one_time_links import sign_token
from handlers.auth.passwords import Argon2Passwords
from handlers.mail.outbox_worker import OutboxWorker
from handlers.settings import Settings
from persistence.accounts.one_time_tokens import one_time_tokens
from persistence.database import Database, utc_now
from persistence.engine.engines import Engines, Pool, connect
from tests.support.application import Clients, Shop

RESET, PASSWORD, LOGIN, ORDERS = (
    "/users/password/reset/",
    "/users/password/",
    "/users/login/",
    "/users/orders/",
)
EMAIL = "ayse@example.com"
OLD, NEW = "correct horse", "battery staple"
OLD_HASH = Argon2Passwords().hash(OLD)
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Mailbox:
    """A mailer that collects e-mails."""

    def __init__(self) -> None:
        self.sent_emails: list[EmailMessage] = []

    def send(self, sent_email: EmailMessage) -> None:
        self.sent_emails.append(sent_email)


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user(email=EMAIL, password_hash=OLD_HASH)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def deliver(shop: Shop, mailbox: Mailbox, settings: Settings) -> Callable[[], list[EmailMessage]]:
    """Delivers all due events like a worker, and returns the e-mails."""
    worker = OutboxWorker(shop.database, mailbox, settings)

    def run() -> list[EmailMessage]:
        before = len(mailbox.sent_emails)
        while worker.deliver_next():
            pass
        return mailbox.sent_emails[before:]

    return run


@pytest.fixture
def engines(database_url: str) -> Any:
    engines = connect(database_url, Pool(1))
    yield engines
    engines.dispose()


@pytest.fixture
def token(client: TestClient, shopper: User, deliver: Any) -> str:
    """The token in the link of the shopper's e-mail."""
    client.post(RESET, json={"email": EMAIL})
    return token_in(*deliver())


def token_in(sent_email: EmailMessage) -> str:
    found = re.search(r"/users/password/\?token=(\S+)", text_of(sent_email))
    assert found is not None
    return found[1]


def text_of(sent_email: EmailMessage) -> str:
    body = sent_email.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def set_new(client: TestClient, token: str, **overrides: Any) -> Any:
    return client.post(PASSWORD, json={"token": token, "password": NEW} | overrides)


def log_in(client: TestClient, password: str) -> int:
    response = client.post(LOGIN, json={"email": EMAIL, "password": password})
    return int(response.status_code)


def events(database: Any) -> list[OutboxEvent]:
    with database.reading() as uow:
        found: list[OutboxEvent] = uow.outbox.events(None, PageRequest(limit=100))
    return found


def trail(database: Any, user: User) -> list[AuditEntry]:
    with database.reading() as uow:
        entries: list[AuditEntry] = uow.audit.entries(user.uuid)
    return entries


class TestRequest:
    def test_sends_a_link_that_sets_the_password(
        self, client: TestClient, shopper: User, token: str
    ) -> None:
        response = set_new(client, token)

        assert (response.status_code, response.json()) == (
            200,
            {"detail": "Log in with your new password."},
        )
        assert (log_in(client, OLD), log_in(client, NEW)) == (400, 200)

    def test_lets_a_user_without_a_password_set_one(
        self, client: TestClient, shop: Shop, deliver: Any
    ) -> None:
        shop.user(email=EMAIL, password_hash=None)
        client.post(RESET, json={"email": " AYSE@example.com "})
        [sent_email] = deliver()

        assert sent_email["To"] == EMAIL
        assert set_new(client, token_in(sent_email)).status_code == 200
        assert log_in(client, NEW) == 200

    def test_response_does_not_show_whether_the_address_has_an_account(
        self, client: TestClient, shop: Shop, deliver: Any
    ) -> None:
        shop.user(email=EMAIL, password_hash=OLD_HASH)
        shop.user(email="gone@example.com", password_hash=OLD_HASH, is_active=False)
        shop.user(email="guest@example.com", user_type=UserType.GUEST)
        emails = [EMAIL, "gone@example.com", "guest@example.com", "nobody@example.com", "no mail"]

        responses = {
            (response.status_code, response.content)
            for response in (client.post(RESET, json={"email": email}) for email in emails)
        }

        [(status, body)] = responses
        assert status == 202
        assert b"If there is an account" in body
        assert [sent_email["To"] for sent_email in deliver()] == [EMAIL]
        assert [event.payload["email"] for event in events(shop.database)] == [EMAIL]

    def test_runs_the_same_statements_for_every_address(
        self, client: TestClient, shopper: User, statements: list[tuple[str, Any]]
    ) -> None:
        runs = []
        for email in (EMAIL, "nobody@example.com"):
            del statements[:]
            client.post(RESET, json={"email": email})
            runs.append([text for text, _ in statements])

        assert runs[0] == runs[1]
        assert len([text for text in runs[0] if text.startswith("INSERT INTO outbox")]) == 1

    def test_sends_an_email_in_the_language_of_the_request(
        self, client: TestClient, shopper: User, deliver: Any, settings: Settings
    ) -> None:
        client.post(RESET, json={"email": EMAIL}, headers={"Accept-Language": "tr"})
        [sent_email] = deliver()

        assert sent_email["Subject"] == "Parolanızı belirleyin"
        assert f"{settings.base_url}/users/password/?token=" in text_of(sent_email)
        assert "Bağlantı bir kez," in text_of(sent_email)

    def test_shows_a_page_to_a_form(self, client: TestClient) -> None:
        response = client.post(RESET, data={"email": EMAIL})

        assert response.status_code == 202
        assert "<h1>Check your e-mail</h1>" in response.text
        assert EMAIL not in response.text

    def test_shows_the_form_again_with_the_error(self, client: TestClient) -> None:
        response = client.post(RESET, data={"email": ""})

        assert response.status_code == 400
        assert 'role="alert"' in response.text
        assert 'action="/users/password/reset/"' in response.text

    @pytest.mark.parametrize("path", [RESET, PASSWORD])
    @pytest.mark.parametrize("origin", ["https://evil.example", "null"])
    def test_refuses_a_form_of_another_site(
        self, client: TestClient, path: str, origin: str, database: Database
    ) -> None:
        fields = {"email": EMAIL, "token": "x", "password": NEW}

        response = client.post(path, data=fields, headers={"Origin": origin})

        assert (response.status_code, response.json()["error_code"]) == (403, "origin_mismatch")
        assert events(database) == []


class TestLimits:
    @pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
    def test_refuse_the_sixth_request_for_any_address(
        self, client: TestClient, shopper: User, email: str, database: Database
    ) -> None:
        responses = [client.post(RESET, json={"email": email}) for _ in range(6)]

        assert [response.status_code for response in responses] == [202] * 5 + [429]
        assert responses[-1].json()["error_code"] == "too_many_attempts"
        assert 890 <= int(responses[-1].headers["Retry-After"]) <= 900
        assert len(events(database)) == 5

    def test_are_shown_on_the_page(self, client: TestClient) -> None:
        for _ in range(5):
            client.post(RESET, data={"email": EMAIL})

        response = client.post(RESET, data={"email": EMAIL})

        assert response.status_code == 429
        assert "Too many attempts. Try again later." in response.text
        assert 'action="/users/password/reset/"' in response.text

    def test_refuse_the_fifty_first_request_from_a_network_address(
        self, client: TestClient
    ) -> None:
        responses = [client.post(RESET, json={"email": f"{n}@example.com"}) for n in range(51)]

        assert [response.status_code for response in responses] == [202] * 50 + [429]


class TestPages:
    def test_link_from_the_login_to_the_form(self, client: TestClient) -> None:
        assert f'<a href="{RESET}">Forgot your password?</a>' in client.get(LOGIN).text
        assert f'action="{RESET}"' in client.get(RESET).text

    def test_show_the_form_every_time_a_link_is_opened(
        self, client: TestClient, token: str
    ) -> None:
        opened = [client.get(PASSWORD, params={"token": token}) for _ in range(3)]

        assert {response.status_code for response in opened} == {200}
        assert f'name="token" value="{token}"' in opened[0].text
        assert opened[0].headers["Referrer-Policy"] == "same-origin"
        assert opened[0].headers["Cache-Control"] == "no-store"
        assert set_new(client, token).status_code == 200

    @pytest.mark.parametrize("token", ["x", "0" * 32 + ".x", "...", "ş x>", "x" * 200])
    def test_show_that_a_link_is_no_longer_valid(self, client: TestClient, token: str) -> None:
        page = client.get(PASSWORD, params={"token": token}, headers=HTML)
        form = client.post(PASSWORD, data={"token": token, "password": NEW})
        json = set_new(client, token)

        assert {page.status_code, form.status_code, json.status_code} == {410}
        for shown in (page, form):
            assert "<h1>This link is no longer valid</h1>" in shown.text
            assert f'href="{RESET}"' in shown.text
        assert json.json()["error_code"] == "link_expired"

    def test_show_the_form_again_for_a_short_password(self, client: TestClient, token: str) -> None:
        fields = {"token": token, "password": "short"}

        response = client.post(PASSWORD, data=fields, headers={"Accept-Language": "tr"})

        assert response.status_code == 400
        assert "8" in response.text.split('role="alert">')[1].split("<")[0]
        assert f'name="token" value="{token}"' in response.text
        assert set_new(client, token).status_code == 200

    def test_show_that_the_password_is_set(self, client: TestClient, token: str) -> None:
        response = client.post(PASSWORD, data={"token": token, "password": NEW})

        assert response.status_code == 200
        assert "<h1>Your password has been changed</h1>" in response.text
        assert f'href="{LOGIN}"' in response.text


class TestSet:
    def test_ends_all_sessions_and_sends_an_email(
        self, clients: Clients, shop: Shop, shopper: User, token: str, deliver: Any
    ) -> None:
        sessions = [shop.session(shopper) for _ in range(2)]
        stranger = shop.session(shop.user())

        set_new(clients.new(sessions[0]), token)

        assert {clients.new(session).get(ORDERS).status_code for session in sessions} == {401}
        assert clients.new(stranger).get(ORDERS).status_code == 200
        [sent_email] = deliver()
        assert (sent_email["To"], sent_email["Subject"]) == (
            EMAIL,
            "Your password has been changed",
        )
        assert [entry.note for entry in trail(shop.database, shopper)] == ["password set"]
        assert trail(shop.database, shopper)[0].actor == f"user:{shopper.pk}"

    def test_works_once(self, client: TestClient, token: str) -> None:
        assert set_new(client, token).status_code == 200

        assert set_new(client, token, password="another one").status_code == 410
        assert client.get(PASSWORD, params={"token": token}).status_code == 410
        assert log_in(client, NEW) == 200

    def test_invalidates_the_other_links_of_the_user(
        self, client: TestClient, shopper: User, token: str, deliver: Any, clients: Clients
    ) -> None:
        client.post(RESET, json={"email": EMAIL})
        other = token_in(*deliver())
        assert set_new(client, other).status_code == 200

        assert set_new(client, token).status_code == 410

    @pytest.mark.parametrize("field", ["token", "password"])
    def test_names_a_missing_field(self, client: TestClient, token: str, field: str) -> None:
        body = {"token": token, "password": NEW}
        del body[field]

        response = client.post(PASSWORD, json=body)

        assert response.status_code == 400
        assert set(response.json()) == {field, "error_code"}

    @pytest.mark.parametrize(
        ("password", "status"),
        [
            ("x" * 7, 400),
            ("x" * 8, 200),
            ("ş🐎 \t\x7f" + "y" * 3, 200),
            ("x" * 1024, 200),
            ("x" * 1025, 400),
        ],
        ids=repr,
    )
    def test_checks_only_the_length(
        self, client: TestClient, token: str, password: str, status: int
    ) -> None:
        assert set_new(client, token, password=password).status_code == status
        if status == 200:
            assert log_in(client, password) == 200

    def test_fails_for_a_user_who_was_deactivated(
        self, client: TestClient, shop: Shop, shopper: User, token: str
    ) -> None:
        for change in (deactivate_user, activate_user):
            with shop.database.writing() as uow:
                change(EMAIL, UserType.REGISTERED, "operator:test", uow)
            assert set_new(client, token).status_code == 410
        assert log_in(client, OLD) == 200

    def test_refuses_the_token_of_a_handover(
        self, client: TestClient, shop: Shop, shopper: User, settings: Settings
    ) -> None:
        uuid, now = uuid4(), utc_now()
        with shop.database.writing() as uow:
            uow.one_time_tokens.add(
                OneTimeToken(
                    uuid=uuid,
                    purpose=Purpose.HANDOVER,
                    user_pk=shopper.pk,
                    created_date=now,
                    expires_date=now + timedelta(hours=1),
                )
            )
            uow.commit()

        for purpose in Purpose:
            assert set_new(client, sign_token(uuid, purpose, settings)).status_code == 410


class TestTime:
    def age(self, engines: Engines, **columns: timedelta) -> None:
        """Move these times of all tokens into the past."""
        with engines.writing.begin() as connection:
            for row in connection.execute(sa.select(one_time_tokens)).mappings().all():
                earlier = {name: row[name] - by for name, by in columns.items()}
                connection.execute(sa.update(one_time_tokens).values(earlier))

    def test_a_link_expires_an_hour_after_the_request(
        self, client: TestClient, token: str, engines: Engines, database: Database
    ) -> None:
        with engines.writing.begin() as connection:
            row = connection.execute(sa.select(one_time_tokens)).mappings().one()
        [event] = events(database)
        assert row["expires_date"] == event.created_date + timedelta(hours=1)

        self.age(engines, expires_date=timedelta(hours=1))

        assert client.get(PASSWORD, params={"token": token}).status_code == 410
        assert set_new(client, token).status_code == 410
        assert log_in(client, OLD) == 200

    def test_an_expired_link_is_not_sent(
        self, client: TestClient, shop: Shop, shopper: User, deliver: Any
    ) -> None:
        client.post(RESET, json={"email": EMAIL})
        with shop.database.writing() as uow:
            [event] = uow.outbox.events(None, PageRequest())
            event.created_date -= timedelta(hours=1)
            uow.commit()

        assert deliver() == []
        assert events(shop.database) == []


class TestDelivery:
    """A repeated delivery sends the same link, unless it was used."""

    def again(self, shop: Shop) -> None:
        with shop.database.writing() as uow:
            [event] = [
                event
                for event in uow.outbox.events(None, PageRequest())
                if event.kind is OutboxKind.PASSWORD_RESET
            ]
            event.status, event.due_date = OutboxStatus.PENDING, event.created_date
            uow.commit()

    def test_sends_the_same_link_when_repeated(
        self, client: TestClient, shop: Shop, token: str, deliver: Any
    ) -> None:
        self.again(shop)

        assert token_in(*deliver()) == token
        assert set_new(client, token).status_code == 200

    def test_does_not_renew_a_used_link_when_repeated(
        self, client: TestClient, shop: Shop, token: str, deliver: Any
    ) -> None:
        set_new(client, token)
        deliver()
        self.again(shop)

        assert deliver() == []
        assert set_new(client, token).status_code == 410


class TestSecrets:
    def test_are_neither_logged_nor_stored(
        self,
        client: TestClient,
        token: str,
        caplog: pytest.LogCaptureFixture,
        database: Database,
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            client.get(PASSWORD, params={"token": token}, headers=HTML)
            set_new(client, token)
            set_new(client, token)

        # The test client logs its own URLs.
        lines = [record.getMessage() for record in caplog.records if record.name != "httpx"]
        logged_text = "\n".join(lines)
        assert "/users/password/" in logged_text
        assert not any(secret in logged_text for secret in (token, EMAIL, NEW))
        logged_text = " ".join(
            repr((event.payload, event.last_error)) for event in events(database)
        )
        assert token not in logged_text
        assert NEW not in logged_text
