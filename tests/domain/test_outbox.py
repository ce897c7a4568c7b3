from datetime import timedelta

import pytest

from domain.outbox import (
    LEASE,
    MAX_ERROR_LENGTH,
    RETRY_DELAYS,
    OutboxEvent,
    OutboxKind,
    OutboxStatus,
    lease_events,
    list_outbox_events,
    record_delivery,
    record_failure,
    requeue_event,
)
from domain.shared.errors import Conflict, InvalidPage
from domain.shared.paging import PageRequest
from tests.support.builders import NOW
from tests.support.cancellation_fakes import FakeUnitOfWork


def make_event() -> tuple[OutboxEvent, FakeUnitOfWork]:
    """An event, and the unit of work with it."""
    event = OutboxEvent(
        kind=OutboxKind.CANCELLATION_RECEIVED,
        payload={"email": "ayse@example.com"},
        created_date=NOW,
        due_date=NOW,
    )
    uow = FakeUnitOfWork()
    uow.outbox.add(event)
    return event, uow


class TestLease:
    def test_is_for_one_worker_and_a_limited_time(self) -> None:
        event, uow = make_event()

        assert lease_events(10, uow) == [event]
        assert lease_events(10, uow) == []
        assert (event.due_date, uow.commits) == (NOW + LEASE, 2)


class TestDelivery:
    def test_is_recorded(self) -> None:
        event, uow = make_event()

        record_delivery(event.pk, uow)

        assert (event.status, event.attempts) == (OutboxStatus.DELIVERED, 1)
        assert event.delivered_date == NOW

    def test_of_an_erased_event_changes_nothing(self) -> None:
        uow = FakeUnitOfWork()

        record_delivery(404, uow)
        record_failure(404, NOW, "550", uow)

        assert uow.commits == 2


class TestFailure:
    def test_is_retried_after_increasing_delays(self) -> None:
        event, uow = make_event()

        waits = []
        for _ in RETRY_DELAYS:
            record_failure(event.pk, event.due_date, "550 no such mailbox", uow)
            waits.append(event.due_date - NOW)

        assert waits == sorted(RETRY_DELAYS)
        assert (event.status, event.last_error) == (OutboxStatus.PENDING, "550 no such mailbox")

    def test_becomes_a_dead_letter_after_the_last_retry(self) -> None:
        event, uow = make_event()

        for _ in range(len(RETRY_DELAYS) + 1):
            record_failure(event.pk, event.due_date, "550", uow)

        assert event.status is OutboxStatus.DEAD

    def test_truncates_a_long_error(self) -> None:
        event, uow = make_event()

        record_failure(event.pk, event.due_date, "x" * 10_000, uow)

        assert event.last_error == "x" * MAX_ERROR_LENGTH

    @pytest.mark.parametrize("status", [OutboxStatus.DELIVERED, OutboxStatus.DEAD])
    def test_is_ignored_after_the_lease_has_expired(self, status: OutboxStatus) -> None:
        event, uow = make_event()
        event.status, event.attempts = status, 8

        record_failure(event.pk, event.due_date, "timed out", uow)

        assert (event.status, event.attempts, event.last_error) == (status, 8, None)

    def test_does_not_end_the_lease_of_another_worker(self) -> None:
        event, uow = make_event()
        event.due_date = NOW + LEASE

        record_failure(event.pk, NOW, "timed out", uow)

        assert (event.due_date, event.attempts) == (NOW + LEASE, 0)


class TestRequeue:
    def test_resets_attempts_and_due_date(self) -> None:
        event, uow = make_event()
        event.status, event.attempts = OutboxStatus.DEAD, 8
        event.due_date = NOW - timedelta(days=2)

        requeue_event(event.pk, uow)

        assert (event.status, event.attempts, event.due_date) == (OutboxStatus.PENDING, 0, NOW)

    def test_is_only_for_dead_letters(self) -> None:
        event, uow = make_event()

        with pytest.raises(Conflict):
            requeue_event(event.pk, uow)


class TestList:
    def test_has_pages(self) -> None:
        event, uow = make_event()

        assert list_outbox_events(None, PageRequest(), uow).entries == [event]
        with pytest.raises(InvalidPage):
            list_outbox_events(None, PageRequest(2), uow)


def test_repr_does_not_contain_personal_data() -> None:
    assert "ayse" not in repr(make_event()[0])
