from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from domain.accounts.one_time_tokens import OneTimeToken, Purpose
from domain.idempotency import StoredResponse
from domain.outbox import OutboxEvent, OutboxKind, OutboxStatus
from domain.privacy.retention import RetentionPeriods
from domain.shared.paging import PageRequest
from handlers import maintenance
from handlers.app import database_of
from handlers.cli import progress
from handlers.cli.graceful_shutdown import GracefulShutdown
from handlers.cli.progress import ProgressLines
from handlers.contract.asgi.routing import ContractApp
from handlers.maintenance import TidyRun
from persistence.database import Database, utc_now
from persistence.engine.engines import Engines, Pool, connect
from persistence.maintenance import maintenance_runs
from persistence.sql.columns import metadata
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients, Shop
from tests.support.personal_orders import IBAN, Customer
from tests.support.personal_rows import marked
from tests.support.stored import store_user

DAY = timedelta(days=1)
NOTHING = (
    "0 sessions, 0 one-time tokens, 0 idempotency keys, 0 stored documents,"
    " 0 stored documents of old orders, 0 audit entries, 0 e-mails, the IBANs of 0 requests.\n"
)


@pytest.fixture(autouse=True)
def mail_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that replaces var/mail."""
    monkeypatch.setattr(maintenance, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def engines(database_url: str, database: Database) -> Iterator[Engines]:
    engines = connect(database_url, Pool(2))
    yield engines
    engines.dispose()


@pytest.fixture
def customer(shop: Shop, clients: Clients, waybill: Run) -> Customer:
    return Customer(shop, clients, waybill, shop.user(), "a word")


def event(status: OutboxStatus, days: int) -> OutboxEvent:
    """An event with this status for so many days."""
    date = utc_now() - days * DAY
    payload = {"email": "a@example.com", "language": None, "order_number": "1"}
    return OutboxEvent(
        kind=OutboxKind.ITEM_REJECTED,
        payload=payload,
        status=status,
        attempts=1,
        created_date=date,
        due_date=date,
        delivered_date=date if status is OutboxStatus.DELIVERED else None,
    )


def store_token(database: Database, expires_date: datetime) -> None:
    user = store_user(database, email=f"{uuid4()}@example.com")
    token = OneTimeToken(
        uuid=uuid4(),
        purpose=Purpose.HANDOVER,
        user_pk=user.pk,
        created_date=utc_now(),
        expires_date=expires_date,
    )
    with database.writing() as uow:
        uow.one_time_tokens.add(token)
        uow.commit()


def document_count(engines: Engines) -> int:
    documents = metadata.tables["order_documents"]
    with engines.autocommit.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(documents)).scalar_one()


def age_requests(engines: Engines, days: int) -> None:
    """Move the last change of every request back by so many days."""
    requests = metadata.tables["cancellation_requests"]
    with engines.writing.begin() as connection:
        connection.execute(sa.update(requests).values(modified_date=utc_now() - days * DAY))


def accounts(engines: Engines) -> list[Any]:
    requests = metadata.tables["cancellation_requests"]
    with engines.autocommit.connect() as connection:
        query = sa.select(requests.c.iban, requests.c.holder_name).order_by(requests.c.pk)
        return [tuple(row) for row in connection.execute(query)]


class TestTidy:
    def test_removes_nothing_from_an_empty_database(self, waybill: Run, database: Database) -> None:
        result = waybill("tidy")

        assert (result.exit_code, result.output) == (
            0,
            f"Removed: {NOTHING}",
        )

    def test_removes_sessions_that_have_expired(
        self, waybill: Run, shop: Shop, clients: Clients
    ) -> None:
        user = shop.user()
        client = clients.new(shop.session(user))
        shop.session(user, days=-1)

        assert "1 sessions" in waybill("tidy").output
        assert client.get("/users/orders/").status_code == 200

    def test_removes_keys_after_their_day(self, waybill: Run, database: Database) -> None:
        for name, hours in (("old", 25), ("new", 23)):
            with database.writing() as uow:
                created = utc_now() - timedelta(hours=hours)
                uow.idempotency_keys.claim("user:1", name, b"f" * 32, created)
                uow.idempotency_keys.store("user:1", name, StoredResponse(200, "text/plain", b"a"))
                uow.commit()

        assert "1 idempotency keys" in waybill("tidy").output
        with database.writing() as uow:
            claimed = uow.idempotency_keys.claim("user:1", "new", b"f" * 32, utc_now())
        assert claimed is not None

    def test_removes_e_mails_that_were_delivered(
        self, waybill: Run, database: Database, mail_folder: Path
    ) -> None:
        events = [
            event(OutboxStatus.DELIVERED, 31),
            event(OutboxStatus.DELIVERED, 29),
            event(OutboxStatus.DEAD, 400),
            event(OutboxStatus.PENDING, 400),
        ]
        with database.writing() as uow:
            for stored_event in events:
                uow.outbox.add(stored_event)
            uow.commit()
        for stored_event in events:
            (mail_folder / f"{stored_event.uuid}.eml").touch()

        assert "1 e-mails" in waybill("tidy").output
        with database.reading() as uow:
            remaining = uow.outbox.events(None, PageRequest())
        assert {stored_event.uuid for stored_event in remaining} == {
            stored_event.uuid for stored_event in events[1:]
        }
        assert {path.stem for path in mail_folder.iterdir()} == {
            str(stored_event.uuid) for stored_event in remaining
        }
        assert "1 e-mails" in waybill("tidy", "--email-days", "28").output

    def test_removes_ibans_of_ended_requests(
        self, waybill: Run, customer: Customer, engines: Engines
    ) -> None:
        customer.settle()
        customer.read()
        age_requests(engines, 91)

        result = waybill("tidy")

        assert "the IBANs of 2 requests" in result.output
        assert accounts(engines) == [(None, None)] * 2
        [order] = customer.client.get("/users/orders/").json()["results"]
        requests = [item["cancellationrequest_set"][0] for item in order["orderitem_set"]]
        assert [request["iban"] for request in requests] == [None, None]
        with engines.autocommit.connect() as connection:
            # The response of a key is stored for a day.
            assert set(marked(connection, IBAN.lower())) <= {"idempotency_keys.body"}

    def test_keeps_ibans_of_recent_and_open_requests(
        self, waybill: Run, customer: Customer, engines: Engines
    ) -> None:
        first, second = map(str, customer.requests)
        waybill("requests", "approve", first)
        age_requests(engines, 400)
        waybill("requests", "reject", second)

        assert "the IBANs of 0 requests" in waybill("tidy").output
        assert [iban for iban, _ in accounts(engines)] == [IBAN, IBAN]
        assert "the IBANs of 1 requests" in waybill("tidy", "--iban-days", "0").output
        assert [iban for iban, _ in accounts(engines)] == [IBAN, None]

    def test_removes_tokens_that_have_expired(self, waybill: Run, database: Database) -> None:
        for days in (-1, 1):
            store_token(database, utc_now() + days * DAY)

        assert "1 one-time tokens" in waybill("tidy").output

    def test_removes_documents_of_orders_that_do_not_change(
        self, waybill: Run, customer: Customer, app: ContractApp, engines: Engines
    ) -> None:
        shown = customer.client.get("/users/orders/").json()
        database_of(app).finish_background()
        before = document_count(engines)

        assert "0 stored documents," in waybill("tidy").output
        assert f"{before} stored documents," in waybill("tidy", "--older-than", "0").output
        assert document_count(engines) == 0
        assert customer.client.get("/users/orders/").json() == shown

    def test_removes_months_of_the_audit_trail(
        self, waybill: Run, customer: Customer, engines: Engines
    ) -> None:
        entries = metadata.tables["audit_entries"]
        long_ago = utc_now() - 400 * DAY
        with engines.writing.begin() as connection:
            some = sa.select(entries.c.pk).order_by(entries.c.pk).limit(2)
            changed = sa.update(entries).where(entries.c.pk.in_(some))
            connection.execute(changed.values(created_date=long_ago))

        assert "0 audit entries" in waybill("tidy").output
        assert "0 audit entries" in waybill("tidy", "--audit-days", "450").output
        assert "2 audit entries" in waybill("tidy", "--audit-days", "365", "--dry-run").output
        assert "2 audit entries" in waybill("tidy", "--audit-days", "365").output
        assert "0 audit entries" in waybill("tidy", "--audit-days", "365", "--dry-run").output

    def test_works_in_batches(self, waybill: Run, shop: Shop) -> None:
        user = shop.user()
        for _ in range(5):
            shop.session(user, days=-1)

        assert "5 sessions" in waybill("tidy", "--batch", "2").output

    def test_counts_in_a_dry_run(self, waybill: Run, shop: Shop, customer: Customer) -> None:
        shop.session(shop.user(), days=-1)
        customer.settle()

        arguments = ("--dry-run", "--iban-days", "0", "--email-days", "0")
        counted = waybill("tidy", *arguments).output

        assert counted.startswith("Would remove: 1 sessions, ")
        assert "the IBANs of 2 requests" in counted
        assert waybill("tidy", *arguments).output == counted
        removed = waybill("tidy", *arguments[1:]).output
        assert removed.removeprefix("Removed: ") == counted.removeprefix("Would remove: ")
        assert waybill("tidy", *arguments).output == f"Would remove: {NOTHING}"

    def test_runs_in_one_process_at_a_time(
        self, waybill: Run, app: ContractApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("handlers.cli.tidy._TRIES", 1)
        monkeypatch.setattr("handlers.cli.tidy._PAUSE_SECONDS", 0)
        other = TidyRun(database_of(app), RetentionPeriods())
        assert other.begin()

        refused = waybill("tidy")

        assert refused.exit_code == 1
        assert "A worker or another command is tidying." in refused.output
        other.end()
        assert waybill("tidy").exit_code == 0

    def test_waits_for_the_end_of_another_run(
        self, waybill: Run, app: ContractApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = TidyRun(database_of(app), RetentionPeriods())
        assert other.begin()
        monkeypatch.setattr(GracefulShutdown, "wait", lambda *_: other.end())

        assert waybill("tidy").exit_code == 0

    def test_stops_when_another_process_has_taken_over(
        self, waybill: Run, engines: Engines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lose(_text: object) -> None:
            with engines.writing.begin() as connection:
                connection.execute(sa.update(maintenance_runs).values(holder=uuid4()))

        monkeypatch.setattr(ProgressLines, "write", lambda _, text: lose(text))

        result = waybill("tidy")

        assert result.exit_code == 1
        assert "another process has taken over" in result.output

    def test_ends_its_run_when_it_is_stopped(
        self, waybill: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop.session(shop.user(), days=-1)
        with monkeypatch.context() as patched:
            patched.setattr(GracefulShutdown, "is_requested", property(lambda _: True))
            stopped = waybill("tidy")

        assert stopped.output == f"Removed: {NOTHING}"
        assert waybill("tidy").output.startswith("Removed: 1 sessions, ")

    def test_shows_its_progress(self, waybill: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(progress, "EVERY_SECONDS", 0)

        assert "Removed so far: 0 sessions" in waybill("tidy").output

    def test_refuses_empty_batches(self, waybill: Run) -> None:
        assert waybill("tidy", "--batch", "0").exit_code == 2

    @pytest.mark.parametrize("option", ["--email-days", "--iban-days", "--older-than"])
    def test_refuses_negative_days(self, waybill: Run, option: str) -> None:
        assert waybill("tidy", option, "-1").exit_code == 2
