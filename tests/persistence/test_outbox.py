from datetime import timedelta
from uuid import uuid4

import pytest

from domain.audit import AuditEntry, Subject
from domain.outbox import (
    LEASE,
    OutboxEvent,
    OutboxKind,
    OutboxStatus,
    lease_events,
    list_outbox_events,
    record_delivery,
    record_failure,
)
from domain.shared.paging import PageRequest
from persistence.database import Database
from tests.conftest import KIND
from tests.support.builders import NOW
from tests.support.fakes import FakeClock


def store_event(database: Database, **overrides: object) -> OutboxEvent:
    values = {"payload": {"email": "ayse@example.com"}, "due_date": NOW, **overrides}
    event = OutboxEvent(kind=OutboxKind.TRADE_IN_OFFERED, created_date=NOW, **values)  # type: ignore[arg-type]  # a test's overrides
    with database.writing() as uow:
        uow.outbox.add(event)
        uow.commit()
    return event


def lease(database: Database, limit: int = 10) -> list[int]:
    with database.writing() as uow:
        return [event.pk for event in lease_events(limit, uow)]


class TestLease:
    def test_the_longest_due_come_first(self, database: Database) -> None:
        second = store_event(database)
        first = store_event(database, due_date=NOW - timedelta(hours=1))
        store_event(database, due_date=NOW + timedelta(microseconds=1))
        store_event(database, status=OutboxStatus.DEAD)

        assert lease(database, limit=1) == [first.pk]
        assert lease(database) == [second.pk]

    def test_comes_back_from_a_worker_that_died(self, database: Database, clock: FakeClock) -> None:
        event = store_event(database)
        lease(database)

        assert lease(database) == []
        clock.now = NOW + LEASE
        assert lease(database) == [event.pk]

    @pytest.mark.skipif(KIND == "sqlite", reason="SQLite has one writer at a time")
    def test_skips_what_another_is_leasing(self, database: Database) -> None:
        store_event(database)
        with database.writing() as uow:
            uow.outbox.lease(NOW, NOW + LEASE, 10)

            assert lease(database) == []


def test_a_failure_after_the_lease_leaves_a_delivered_email_delivered(
    database: Database, clock: FakeClock
) -> None:
    """The first worker hangs until a second one has delivered the e-mail."""
    store_event(database)
    with database.writing() as uow:
        [slow] = lease_events(1, uow)
    clock.now = NOW + LEASE
    with database.writing() as uow:
        [quick] = lease_events(1, uow)
    with database.writing() as uow:
        record_delivery(quick.pk, uow)

    with database.writing() as uow:
        record_failure(slow.pk, slow.due_date, "timed out", uow)

    with database.reading() as uow:
        [event] = list_outbox_events(None, PageRequest(), uow).entries
    assert (event.status, event.attempts, event.last_error) == (OutboxStatus.DELIVERED, 1, None)


def test_a_failure_within_the_lease_counts(database: Database) -> None:
    store_event(database)
    with database.writing() as uow:
        [leased] = lease_events(1, uow)
    with database.writing() as uow:
        record_failure(leased.pk, leased.due_date, "550", uow)

    with database.reading() as uow:
        [event] = list_outbox_events(None, PageRequest(), uow).entries
    assert (event.attempts, event.last_error) == (1, "550")


class TestList:
    def test_is_newest_first_and_of_one_status(self, database: Database) -> None:
        first, second = store_event(database), store_event(database)
        with database.writing() as uow:
            record_delivery(first.pk, uow)

        with database.reading() as uow:
            everything = list_outbox_events(None, PageRequest(), uow)
            delivered = list_outbox_events(OutboxStatus.DELIVERED, PageRequest(), uow)

        assert [event.pk for event in everything.entries] == [second.pk, first.pk]
        assert [(event.pk, event.attempts) for event in delivered.entries] == [(first.pk, 1)]


def test_the_trail_of_one_subject_is_in_order(database: Database) -> None:
    subject, other = uuid4(), uuid4()
    with database.writing() as uow:
        for uuid, state in ((subject, "open"), (other, "open"), (subject, "approved")):
            uow.audit.add(
                AuditEntry(
                    created_date=NOW,
                    actor="system",
                    subject=Subject.CANCELLATION_REQUEST,
                    subject_uuid=uuid,
                    from_state=None,
                    to_state=state,
                )
            )
        uow.commit()

    with database.reading() as uow:
        assert [entry.to_state for entry in uow.audit.entries(subject)] == ["open", "approved"]
