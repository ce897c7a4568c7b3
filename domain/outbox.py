"""The transactional outbox: e-mails are stored with the change that causes them, and sent later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID, uuid4

from domain.shared.errors import Conflict, NotFound
from domain.shared.identifiers import require_storable_pk
from domain.shared.paging import Page, PageRequest
from domain.shared.work import Work

# The delay before each retry; after the last one, the event is dead.
RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
LEASE = timedelta(minutes=5)
MAX_ERROR_LENGTH = 500


class OutboxKind(StrEnum):
    """The kind of an e-mail."""

    CANCELLATION_RECEIVED = "cancellation_received"
    CANCELLATION_APPROVED = "cancellation_approved"
    CANCELLATION_REJECTED = "cancellation_rejected"
    CANCELLATION_COMPLETED = "cancellation_completed"
    ITEM_REJECTED = "item_rejected"
    TRADE_IN_OFFERED = "trade_in_offered"
    TRADE_IN_APPROVED = "trade_in_approved"
    TRADE_IN_REJECTED = "trade_in_rejected"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a name, no password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name, no password


class OutboxStatus(StrEnum):
    """pending → delivered | dead; a dead event can be made pending again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(eq=False, kw_only=True)
class OutboxEvent:
    """One message to one person, delivered at least once.

    Recipients can detect duplicates by ``uuid``. ``payload`` is JSON: ``email``, ``language``
    (None: the shop's), and what the kind needs
    (``domain.orders.order_emails``, ``domain.accounts.password_resets``); never an IBAN or a link.
    ``due_date`` is the time of the next attempt.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    kind: OutboxKind
    payload: Mapping[str, Any] = field(repr=False)
    status: OutboxStatus = OutboxStatus.PENDING
    attempts: int = 0
    created_date: datetime
    due_date: datetime
    delivered_date: datetime | None = None
    last_error: str | None = None

    def deliver(self, now: datetime) -> None:
        """Record the delivery."""
        self.status = OutboxStatus.DELIVERED
        self.attempts += 1
        self.delivered_date = now
        self.last_error = None

    def fail(self, now: datetime, error: str, lease: datetime) -> None:
        """Record a failed delivery: retry later, or make the event dead.

        ``lease`` is the end of the failed worker's lease. Does nothing if another worker has
        leased or finished the event since.
        """
        if self.status is not OutboxStatus.PENDING or self.due_date != lease:
            return
        self.last_error = error[:MAX_ERROR_LENGTH]
        if self.attempts < len(RETRY_DELAYS):
            self.due_date = now + RETRY_DELAYS[self.attempts]
        else:
            self.status = OutboxStatus.DEAD
        self.attempts += 1

    def requeue(self, now: datetime) -> None:
        """Make a dead event pending again. Raises Conflict for any other status."""
        if self.status is not OutboxStatus.DEAD:
            raise Conflict("Only a dead letter can be sent again.", code="not_a_dead_letter")
        self.status = OutboxStatus.PENDING
        self.attempts = 0
        self.due_date = now


class Outbox(Protocol):
    """The stored events."""

    def add(self, event: OutboxEvent) -> None:
        """Store ``event``."""

    def get(self, pk: int) -> OutboxEvent | None:
        """Return the event with this pk, locked until the unit of work ends."""

    def remove(self, event: OutboxEvent) -> None:
        """Delete ``event``."""

    def lease(self, now: datetime, until: datetime, limit: int) -> list[OutboxEvent]:
        """Return due pending events, oldest due date first, and set their due date to ``until``.

        Two workers never lease the same event at once.
        """

    def count(self, status: OutboxStatus | None) -> int:
        """Return the number of events, of one status or of all."""

    def events(self, status: OutboxStatus | None, page: PageRequest) -> list[OutboxEvent]:
        """Return one page of the events, newest first."""


class OutboxWork(Work, Protocol):
    """A unit of work on changes that send e-mails."""

    @property
    def outbox(self) -> Outbox: ...


def lease_events(limit: int, uow: OutboxWork) -> list[OutboxEvent]:
    """Lease up to ``limit`` due events for five minutes.

    Events of a worker that dies are due again when the lease ends.
    """
    events = uow.outbox.lease(uow.now, uow.now + LEASE, limit)
    uow.commit()
    return events


def record_delivery(pk: int, uow: OutboxWork) -> None:
    """Record that an event was delivered; does nothing if it was erased meanwhile."""
    event = uow.outbox.get(pk)
    if event is not None:
        event.deliver(uow.now)
    uow.commit()


def record_failure(pk: int, lease: datetime, error: str, uow: OutboxWork) -> None:
    """Record that a delivery failed, and why (without personal data).

    ``lease`` is the ``due_date`` that ``lease_events`` returned; later, another worker may have
    the event, and the failure is ignored. Does nothing if the event was erased meanwhile.
    """
    event = uow.outbox.get(pk)
    if event is not None:
        event.fail(uow.now, error, lease)
    uow.commit()


def requeue_event(pk: int, uow: OutboxWork) -> None:
    """Send a dead event again. Raises NotFound, and Conflict for an event that is not dead."""
    _get(pk, uow).requeue(uow.now)
    uow.commit()


def list_outbox_events(
    status: OutboxStatus | None, page: PageRequest, uow: OutboxWork
) -> Page[OutboxEvent]:
    """Return one page of the events, newest first. Raises InvalidPage."""
    count = uow.outbox.count(status)
    page.require_within(count)
    return Page(count, page.number, page.limit, uow.outbox.events(status, page))


def _get(pk: int, uow: OutboxWork) -> OutboxEvent:
    require_storable_pk(pk)
    event = uow.outbox.get(pk)
    if event is None:
        raise NotFound
    return event
