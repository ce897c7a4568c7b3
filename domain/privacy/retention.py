"""Retention: how long rows are stored that expire, and removing them in batches."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.idempotency import KEY_LIFETIME
from domain.shared.work import Work

BATCH = 500
"""Most rows that one transaction removes, unless the caller has another limit."""


class Expiring(StrEnum):
    """Kinds of rows that expire, by the names that operators read."""

    SESSIONS = "sessions"
    TOKENS = "one-time tokens"
    KEYS = "idempotency keys"
    DOCUMENTS = "stored documents"
    OLD_DOCUMENTS = "stored documents of old orders"
    AUDIT = "audit entries"


class Monthly(StrEnum):
    """Kinds of rows that PostgreSQL stores in partitions by month."""

    EMAILS = "e-mails"
    AUDIT = "audit entries"


@dataclass(frozen=True, slots=True)
class RetentionPeriods:
    """How long what has no time of expiry is stored.

    E-mails: since their delivery. Accounts (IBAN and holder name): since the request was completed
    or rejected. Documents: since the last change of their order; they are rendered again when they
    are read. Audit entries: whole months, once their last entry has this age; None: without end.
    """

    emails: timedelta = timedelta(days=30)
    accounts: timedelta = timedelta(days=90)
    documents: timedelta = timedelta(days=90)
    audit: timedelta | None = None

    def end(self, kind: Expiring, now: datetime) -> datetime | None:
        """Return the moment up to which rows of this kind have expired at ``now``; None: none has.

        It is compared with the expiry of sessions and tokens, the creation of keys and audit
        entries, and the last change of the orders of documents.
        """
        if kind is Expiring.AUDIT:
            return None if self.audit is None else _month_of(now - self.audit)
        ages = {
            Expiring.KEYS: KEY_LIFETIME,
            Expiring.DOCUMENTS: self.documents,
            Expiring.OLD_DOCUMENTS: self.documents,
        }
        return now - ages.get(kind, timedelta())


def _month_of(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class RemovedAccounts:
    """One batch of orders whose accounts were cleared; ``last`` is the highest pk in it."""

    last: int
    requests: int


class Retention(Protocol):
    """Deletes rows whose retention period is over.

    Each method removes at most ``limit`` rows and skips those that another transaction has locked,
    so it neither waits for a server or worker nor delays one for long.
    """

    def remove(self, kind: Expiring, end: datetime, limit: int) -> int:
        """Delete rows of this kind that expired at ``end`` or earlier; return how many."""

    def remove_delivered(self, before: datetime, limit: int) -> list[UUID]:
        """Delete outbox events delivered at ``before`` or earlier; return their UUIDs."""

    def remove_accounts(self, before: datetime, after: int, limit: int) -> RemovedAccounts | None:
        """Clear IBAN and holder name of requests that ended at ``before`` or earlier.

        Takes at most ``limit`` orders above the pk ``after``, raises their versions, and removes
        their documents. Returns None when no order is left.
        """

    def create_months(self, kind: Monthly, now: datetime) -> int:
        """Create the partitions of this month and of the next ones; return how many.

        It locks the whole table until the transaction ends: lock no other in it. Raises
        Unavailable when the table is in use all the time. A database without partitions has
        nothing to do.
        """

    def drop_months(self, kind: Monthly, end: datetime) -> int:
        """Drop the partitions of months that ended at ``end`` or earlier; return how many.

        Those of e-mails only when they are empty. It locks and raises as ``create_months``.
        """

    def count(self, kind: Expiring, end: datetime) -> int:
        """Return how many rows ``remove`` would delete in all."""

    def count_delivered(self, before: datetime) -> int:
        """Return how many events ``remove_delivered`` would delete in all."""

    def count_accounts(self, before: datetime) -> int:
        """Return how many requests ``remove_accounts`` would clear in all."""


class RetentionWork(Work, Protocol):
    """A unit of work on rows whose retention period is over."""

    @property
    def retention(self) -> Retention: ...


def remove_expired(
    kind: Expiring, periods: RetentionPeriods, limit: int, uow: RetentionWork
) -> int:
    """Delete up to ``limit`` expired rows of one kind; return how many."""
    end = periods.end(kind, uow.now)
    removed = 0 if end is None else uow.retention.remove(kind, end, limit)
    uow.commit()
    return removed


def create_months(kind: Monthly, uow: RetentionWork) -> int:
    """Prepare the database for the next months; return the number of new partitions."""
    created = uow.retention.create_months(kind, uow.now)
    uow.commit()
    return created


def drop_months(kind: Monthly, periods: RetentionPeriods, uow: RetentionWork) -> int:
    """Drop the partitions of months whose rows have all expired; return how many."""
    emails = uow.now - periods.emails
    end = emails if kind is Monthly.EMAILS else periods.end(Expiring.AUDIT, uow.now)
    dropped = 0 if end is None else uow.retention.drop_months(kind, end)
    uow.commit()
    return dropped


def remove_delivered_events(age: timedelta, limit: int, uow: RetentionWork) -> list[UUID]:
    """Delete up to ``limit`` events delivered ``age`` ago or earlier; return their UUIDs.

    Dead and pending events stay.
    """
    removed = uow.retention.remove_delivered(uow.now - age, limit)
    uow.commit()
    return removed


def remove_settled_accounts(
    age: timedelta, after: int, limit: int, uow: RetentionWork
) -> RemovedAccounts | None:
    """Clear the IBANs of requests that were completed or rejected ``age`` ago or earlier.

    Open and approved requests keep theirs: money may still be due. Takes up to ``limit`` orders;
    ``after`` is 0 at first, then ``last`` of the previous batch.
    """
    removed = uow.retention.remove_accounts(uow.now - age, after, limit)
    uow.commit()
    return removed


@dataclass(frozen=True, slots=True)
class Expired:
    """How many rows have expired, by kind."""

    rows: dict[Expiring, int]
    emails: int
    accounts: int


def count_expired(periods: RetentionPeriods, uow: RetentionWork) -> Expired:
    """Count what can be removed; change nothing."""
    now = uow.now
    ends = {kind: periods.end(kind, now) for kind in Expiring}
    return Expired(
        {kind: uow.retention.count(kind, end) if end else 0 for kind, end in ends.items()},
        uow.retention.count_delivered(now - periods.emails),
        uow.retention.count_accounts(now - periods.accounts),
    )
