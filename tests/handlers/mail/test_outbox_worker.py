import logging
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any
from uuid import UUID

import pytest

from domain.outbox import LEASE, RETRY_DELAYS, OutboxEvent, OutboxStatus
from domain.shared.errors import Unavailable
from handlers.mail import outbox_worker
from handlers.mail.outbox_worker import (
    IDLE_SECONDS,
    RECOVERY_SECONDS,
    OutboxWorker,
    deliver_until,
    describe,
)
from handlers.mail.transports import SmtpServer
from persistence.database import Database
from tests.support.builders import NOW
from tests.support.cancellation_fakes import FakeUnitOfWork
from tests.support.fakes import FakeClock
from tests.support.outbox_events import SETTINGS, make_event
from tests.support.smtp_servers import MailServer, hanging_up, running

REFUSAL = "550 5.1.1 <ayse@example.com>: no such mailbox"


class FakeDatabase:
    """A database with one unit of work; the writes in ``away``, from 1, raise Unavailable."""

    def __init__(self, *events: OutboxEvent, away: tuple[int, ...] = ()) -> None:
        self.uow = FakeUnitOfWork()
        self.writings = 0
        self._away = away
        for event in events:
            self.uow.outbox.add(event)

    def write(self, work: Callable[[Any], Any]) -> Any:
        self.writings += 1
        if self.writings in self._away:
            raise Unavailable
        return work(self.uow)


class FakeMailer:
    """Collects e-mails, or raises ``error``."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[EmailMessage] = []
        self.error = error

    def send(self, message: EmailMessage) -> None:
        if self.error:
            raise self.error
        self.sent.append(message)


class FakeShutdown:
    """A shutdown that is requested at the ``rounds``-th wait."""

    def __init__(self, rounds: int) -> None:
        self.waits: list[float] = []
        self._rounds = rounds

    @property
    def is_requested(self) -> bool:
        return len(self.waits) >= self._rounds

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


def store(database: Database, event: OutboxEvent) -> OutboxEvent:
    with database.writing() as uow:
        uow.outbox.add(event)
        uow.commit()
    return event


def stored(database: Database, pk: int) -> OutboxEvent:
    with database.reading() as uow:
        event = uow.outbox.get(pk)
    assert event is not None
    return event


class DyingDatabase:
    """A database that is unavailable once an event is leased."""

    def __init__(self, database: Database) -> None:
        self._database: Database | None = database

    def write(self, work: Callable[[Any], Any]) -> Any:
        database, self._database = self._database, None
        if database is None:
            raise Unavailable
        return database.write(work)


def worker_to(mail_server: MailServer, database: Database | DyingDatabase) -> OutboxWorker:
    mailer = SmtpServer(f"smtp://127.0.0.1:{mail_server.port}", "shop.example", timeout=5)
    return OutboxWorker(database, mailer, SETTINGS)


class TestOverSmtp:
    """E-mails go from the table to an SMTP server."""

    def test_an_email_is_delivered_once(self, database: Database) -> None:
        event = store(database, make_event())

        with running() as mail_server:
            worker = worker_to(mail_server, database)
            assert [worker.deliver_next() for _ in range(2)] == [True, False]

        after = stored(database, event.pk)
        assert (after.status, after.attempts) == (OutboxStatus.DELIVERED, 1)
        assert (len(mail_server.emails), worker.delivered) == (1, 1)

    def test_a_refused_email_is_retried_and_finally_given_up(
        self, database: Database, clock: FakeClock
    ) -> None:
        event = store(database, make_event())

        with running() as mail_server:
            mail_server.refusal = REFUSAL
            worker = worker_to(mail_server, database)
            for delay in RETRY_DELAYS:
                assert [worker.deliver_next() for _ in range(2)] == [True, False]
                assert stored(database, event.pk).due_date == clock.now + delay
                clock.now += delay
            worker.deliver_next()

        after = stored(database, event.pk)
        assert (after.status, after.attempts) == (OutboxStatus.DEAD, len(RETRY_DELAYS) + 1)
        assert after.last_error == "550 SMTPRecipientsRefused"

    def test_a_second_delivery_has_the_same_message_id(
        self, database: Database, clock: FakeClock
    ) -> None:
        event = store(database, make_event())

        with running() as mail_server:
            with pytest.raises(Unavailable):
                worker_to(mail_server, DyingDatabase(database)).deliver_next()
            clock.now += LEASE
            assert worker_to(mail_server, database).deliver_next()

        ids = [
            line for email in mail_server.emails for line in email.split(b"\r\n") if b"-ID:" in line
        ]
        assert ids == [f"Message-ID: <{event.uuid}@shop.example>".encode()] * 2

    def test_an_email_stays_pending_when_the_connection_drops(self, database: Database) -> None:
        event = store(database, make_event())

        with hanging_up(b"") as port:
            mailer = SmtpServer(f"smtp://127.0.0.1:{port}", "shop.example", timeout=5)
            OutboxWorker(database, mailer, SETTINGS).deliver_next()

        after = stored(database, event.pk)
        assert (after.status, after.last_error) == (OutboxStatus.PENDING, "SMTPServerDisconnected")


class TestErrors:
    def test_an_email_that_can_not_be_built_does_not_block_others(self) -> None:
        bad, odd, good = make_event(email="invalid"), make_event(requests=None), make_event()
        database, mailer = FakeDatabase(bad, odd, good), FakeMailer()
        worker = OutboxWorker(database, mailer, SETTINGS)

        while worker.deliver_next():
            pass

        errors = [event.last_error for event in database.uow.outbox.added]
        assert errors == ["UnusableAddress", "TypeError", None]
        assert (worker.delivered, worker.failed, len(mailer.sent)) == (1, 2, 1)

    def test_logs_contain_no_personal_data(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        database = FakeDatabase(make_event(), make_event())
        mailer = FakeMailer(SMTPRecipientsRefused({"ayse@example.com": (550, REFUSAL.encode())}))
        worker = OutboxWorker(database, mailer, SETTINGS)

        worker.deliver_next()
        mailer.error = None
        worker.deliver_next()

        assert "email_not_delivered" in caplog.text
        assert "550 SMTPRecipientsRefused" in caplog.text
        assert "email_delivered" in caplog.text
        assert "ayse" not in caplog.text
        assert "1001" not in caplog.text

    @pytest.mark.parametrize("error", [None, OSError()])
    def test_a_result_that_could_not_be_stored_is_stored_later(
        self, error: Exception | None
    ) -> None:
        database = FakeDatabase(make_event(), away=(2,))
        mailer = FakeMailer(error)
        worker = OutboxWorker(database, mailer, SETTINGS)
        with pytest.raises(Unavailable):
            worker.deliver_next()

        assert not worker.deliver_next()

        [event] = database.uow.outbox.added
        assert event.attempts == 1
        assert event.last_error == (None if error is None else "OSError")

    @pytest.mark.parametrize(
        ("error", "described"),
        [
            (SMTPDataError(451, b"ayse is over quota"), "451 SMTPDataError"),
            (SMTPRecipientsRefused({"a@x": (550, b""), "b@x": (450, b"")}), "450 550"),
            (ConnectionRefusedError("ayse@example.com"), "ConnectionRefusedError"),
        ],
    )
    def test_are_described_without_their_text(self, error: Exception, described: str) -> None:
        assert describe(error).startswith(described)
        assert "ayse" not in describe(error)


class TestDeliverUntil:
    def test_delivers_all_due_events_and_then_waits(self) -> None:
        later = make_event()
        later.due_date = NOW + timedelta(seconds=1)
        database, shutdown = FakeDatabase(make_event(), make_event(), later), FakeShutdown(rounds=2)
        worker = OutboxWorker(database, FakeMailer(), SETTINGS)

        deliver_until(shutdown, worker)

        assert (worker.delivered, shutdown.waits) == (2, [IDLE_SECONDS] * 2)

    def test_does_other_work_after_each_email_and_before_it_waits(self) -> None:
        database, shutdown = FakeDatabase(make_event()), FakeShutdown(rounds=1)
        worker = OutboxWorker(database, FakeMailer(), SETTINGS)
        seen: list[tuple[int, int]] = []

        def work() -> bool:
            seen.append((worker.delivered, len(shutdown.waits)))
            return len(seen) < 4

        deliver_until(shutdown, worker, work)

        assert seen == [(1, 0)] * 4

    def test_continues_when_the_database_is_available_again(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        database, shutdown = FakeDatabase(make_event(), away=(1, 2)), FakeShutdown(rounds=3)
        worker = OutboxWorker(database, FakeMailer(), SETTINGS)

        deliver_until(shutdown, worker)

        assert shutdown.waits == [RECOVERY_SECONDS, RECOVERY_SECONDS, IDLE_SECONDS]
        assert worker.delivered == 1
        assert "outbox_unavailable" in caplog.text

    def test_delivers_nothing_after_the_shutdown_request(self) -> None:
        database = FakeDatabase(make_event())

        deliver_until(FakeShutdown(rounds=0), OutboxWorker(database, FakeMailer(), SETTINGS))

        assert database.writings == 0


class TestHeartbeat:
    def test_is_reported_at_once_and_then_every_few_seconds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now, reports = [1000.0], list[UUID]()
        monkeypatch.setattr(outbox_worker, "monotonic", lambda: now[0])
        worker = OutboxWorker(FakeDatabase(), FakeMailer(), SETTINGS, reports.append)

        for _ in range(31):
            worker.deliver_next()
            now[0] += 1

        assert len(reports) == 3
        assert len({*reports}) == 1

    def test_workers_differ(self) -> None:
        reports: list[UUID] = []

        for _ in range(2):
            OutboxWorker(FakeDatabase(), FakeMailer(), SETTINGS, reports.append).deliver_next()

        assert len({*reports}) == 2

    def test_is_reported_while_e_mails_can_not_be_read(self) -> None:
        reports: list[UUID] = []
        database = FakeDatabase(away=(1,))
        worker = OutboxWorker(database, FakeMailer(), SETTINGS, reports.append)

        deliver_until(FakeShutdown(1), worker)

        assert len(reports) == 1

    def test_is_a_row_in_the_database(self, database: Database) -> None:
        report = database.record_heartbeat
        OutboxWorker(database, FakeMailer(), SETTINGS, report).deliver_next()

        shop = database.figures().shop
        assert shop is not None
        assert shop.mail_worker_seen == NOW.timestamp()
