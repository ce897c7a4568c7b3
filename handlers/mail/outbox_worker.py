"""The worker: takes events out of the outbox, delivers their letters, and notes what came of it.

At least once: a message that was delivered and could not be noted comes again, with the same
Message-ID.
"""

from collections.abc import Callable
from functools import partial
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any, Protocol, TypeVar

import structlog

from domain.accounts.password_resets import prepare_reset
from domain.outbox import (
    OutboxEvent,
    OutboxKind,
    lease_events,
    record_delivery,
    record_failure,
)
from domain.shared.errors import Unavailable
from domain.unit_of_work import UnitOfWork
from handlers.mail.messages import build_email
from handlers.mail.transports import Mailer
from handlers.settings import Settings

IDLE_SECONDS = 1.0
RECOVERY_SECONDS = 5.0

_log = structlog.get_logger(__name__)
Result = TypeVar("Result")


class Database(Protocol):
    """What the worker does with the database."""

    def write(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do ``work`` in a transaction, again if it loses to another. Raises Unavailable."""


class Stop(Protocol):
    """Somebody's wish that the work ends."""

    @property
    def is_wished(self) -> bool:
        """Whether to begin nothing new."""

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the wish comes."""


class OutboxWorker:
    """Delivers one message after the other, each outside of any transaction.

    One event is taken at a time, so that a stop leaves none to wait for the end of its lease.
    ``delivered`` and ``failed`` count.
    """

    def __init__(self, database: Database, mailer: Mailer, settings: Settings) -> None:
        self.delivered = 0
        self.failed = 0
        self._database = database
        self._mailer = mailer
        self._settings = settings
        self._unrecorded: Callable[[UnitOfWork], Any] | None = None

    def deliver_next(self) -> bool:
        """Deliver the message that is due longest; False when none is. Raises Unavailable.

        What became of the message before is noted first, where the database was away then.
        """
        self._record()
        events = self._database.write(partial(lease_events, 1))
        for event in filter(None, map(self._prepared, events)):
            error = self._error_of(event)
            if error is None:
                self._unrecorded = partial(record_delivery, event.pk)
                self.delivered += 1
                _log.info("letter_delivered", letter=str(event.uuid), kind=event.kind.value)
            else:
                self._unrecorded = partial(record_failure, event.pk, event.due_date, error)
                self.failed += 1
                _log.warning(
                    "letter_not_delivered",
                    letter=str(event.uuid),
                    kind=event.kind.value,
                    attempts=event.attempts + 1,
                    error=error,
                )
            self._record()
        return bool(events)

    def _prepared(self, event: OutboxEvent) -> OutboxEvent | None:
        """The event as it is to be sent, or None where there is nothing to send any more."""
        if event.kind is not OutboxKind.PASSWORD_RESET:
            return event
        return self._database.write(partial(prepare_reset, event))

    def _record(self) -> None:
        if self._unrecorded is not None:
            self._database.write(self._unrecorded)
            self._unrecorded = None

    def _error_of(self, event: OutboxEvent) -> str | None:
        """Send the message; return what went wrong."""
        try:
            self._mailer.send(build_email(event, self._settings))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, others go on
            return describe(error)
        return None


def describe(error: Exception) -> str:
    """The SMTP code, if any, and the class of the error: its text may name people."""
    name = type(error).__name__
    if isinstance(error, SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        return " ".join([*map(str, codes), name])
    if isinstance(error, SMTPResponseException):
        return f"{error.smtp_code} {name}"
    return name


def deliver_until(stop: Stop, worker: OutboxWorker) -> None:
    """Deliver what is due and what comes, until the stop is wished; survives a lost database."""
    while not stop.is_wished:
        try:
            found = worker.deliver_next()
        except Unavailable:
            _log.warning("outbox_unavailable", retry_seconds=RECOVERY_SECONDS)
            stop.wait(RECOVERY_SECONDS)
            continue
        if not found:
            stop.wait(IDLE_SECONDS)
