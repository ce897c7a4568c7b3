import logging
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from domain.accounts.one_time_tokens import OneTimeToken, Purpose
from domain.accounts.user_accounts import activate_user, deactivate_user
from domain.accounts.users import User, UserType
from domain.audit import AuditEntry
from domain.outbox import OutboxKind, OutboxStatus
from domain.shared.paging import PageRequest
from handlers.auth.one_time_links import sign_token
from handlers.settings import Settings
from persistence.accounts.one_time_tokens import one_time_tokens
from persistence.database import Database, utc_now
from persistence.engine.engines import Engines, Pool, connect
from tests.support.application import Clients, Shop
from tests.support.password_resets import (
    EMAIL,
    HTML,
    LOGIN,
    NEW,
    OLD,
    OLD_HASH,
    PASSWORD,
    RESET,
    events,
    set_new,
    text_of,
    token_in,
)

ORDERS = "/users/orders/"


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user(email=EMAIL, password_hash=OLD_HASH)


@pytest.fixture
def token(client: TestClient, shopper: User, deliver: Any) -> str:
    """The token in the link of the shopper's e-mail."""
    client.post(RESET, json={"email": EMAIL})
    return token_in(*deliver())


@pytest.fixture
def engines(database_url: str) -> Any:
    engines = connect(database_url, Pool(1))
    yield engines
    engines.dispose()


def log_in(client: TestClient, password: str) -> int:
    response = client.post(LOGIN, json={"email": EMAIL, "password": password})
    return int(response.status_code)


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
        emails = [EMAIL, "gone@example.com", "guest@example.com", "unknown@example.com", "no mail"]

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
        for email in (EMAIL, "unknown@example.com"):
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
