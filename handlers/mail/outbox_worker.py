"""The outbox worker: leases events, delivers their e-mails and records the outcome.

Delivery is at least once: an e-mail whose delivery could not be recorded is sent again, with the
same Message-ID.
"""

import math
from collections.abc import Callable
from functools import partial
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from time import monotonic
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

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

HEARTBEAT_SECONDS = 15.0
IDLE_SECONDS = 1.0
RECOVERY_SECONDS = 5.0

_log = structlog.get_logger(__name__)
Result = TypeVar("Result")


class Database(Protocol):
    """The methods of the database that the worker uses."""

    def write(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Run ``work`` in a transaction; retry it after a conflict. Raises Unavailable."""


class Shutdown(Protocol):
    """Tells a long-running loop to stop."""

    @property
    def is_requested(self) -> bool:
        """Whether to start no further work."""

    def wait(self, seconds: float) -> None:
        """Wait this long, or until a shutdown is requested."""


Report = Callable[[UUID], object]


def _ignore(_worker: UUID) -> None:
    pass


class OutboxWorker:
    """Delivers e-mails one by one, outside of any transaction.

    It leases one event at a time, so that a shutdown leaves no event waiting for its lease to end.
    ``delivered`` and ``failed`` are the numbers of events so far. While it works, it calls
    ``report`` every 15 seconds with its id, which must not raise. A worker that hangs does not; a
    listener of its own could still answer.
    """

    def __init__(
        self, database: Database, mailer: Mailer, settings: Settings, report: Report = _ignore
    ) -> None:
        self.delivered = 0
        self.failed = 0
        self._database = database
        self._mailer = mailer
        self._settings = settings
        self._unrecorded: Callable[[UnitOfWork], Any] | None = None
        self._report = report
        self._uuid = uuid4()
        self._last_heartbeat = -math.inf

    def deliver_next(self) -> bool:
        """Deliver the e-mail that has been due the longest; False when none is due.

        An earlier outcome that could not be recorded is recorded first. Raises Unavailable.
        """
        self._report_regularly()
        self._record()
        events = self._database.write(partial(lease_events, 1))
        for event in filter(None, map(self._prepared, events)):
            error = self._error_of(event)
            if error is None:
                self._unrecorded = partial(record_delivery, event.pk)
                self.delivered += 1
                _log.info("email_delivered", uuid=str(event.uuid), kind=event.kind.value)
            else:
                self._unrecorded = partial(record_failure, event.pk, event.due_date, error)
                self.failed += 1
                _log.warning(
                    "email_not_delivered",
                    uuid=str(event.uuid),
                    kind=event.kind.value,
                    attempts=event.attempts + 1,
                    error=error,
                )
            self._record()
        return bool(events)

    def _report_regularly(self) -> None:
        if monotonic() - self._last_heartbeat >= HEARTBEAT_SECONDS:
            self._last_heartbeat = monotonic()
            self._report(self._uuid)

    def _prepared(self, event: OutboxEvent) -> OutboxEvent | None:
        """The event to send, or None if there is no longer anything to send."""
        if event.kind is not OutboxKind.PASSWORD_RESET:
            return event
        return self._database.write(partial(prepare_reset, event))

    def _record(self) -> None:
        if self._unrecorded is not None:
            self._database.write(self._unrecorded)
            self._unrecorded = None

    def _error_of(self, event: OutboxEvent) -> str | None:
        """Send the e-mail; return a description of the error, if any."""
        try:
            self._mailer.send(build_email(event, self._settings))
        except Exception as error:  # noqa: BLE001 - one bad e-mail must not block the others
            return describe(error)
        return None


def describe(error: Exception) -> str:
    """The SMTP code, if any, and the error's class. Its text may contain personal data."""
    name = type(error).__name__
    if isinstance(error, SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        return " ".join([*map(str, codes), name])
    if isinstance(error, SMTPResponseException):
        return f"{error.smtp_code} {name}"
    return name


def deliver_until(
    shutdown: Shutdown, worker: OutboxWorker, background: Callable[[], bool] = lambda: False
) -> None:
    """Deliver e-mails as they become due, until shutdown; wait while the database is down.

    ``background`` does a short piece of other work after each e-mail, and while none is due. It
    returns whether there is more, and raises nothing.
    """
    while not shutdown.is_requested:
        try:
            was_due = worker.deliver_next()
        except Unavailable:
            _log.warning("outbox_unavailable", retry_seconds=RECOVERY_SECONDS)
            shutdown.wait(RECOVERY_SECONDS)
            continue
        has_more = background()
        if not was_due and not has_more:
            shutdown.wait(IDLE_SECONDS)
