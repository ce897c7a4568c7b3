"""Retention: deletes expired sessions and keys, sent e-mails, and bank accounts of paid refunds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.idempotency import KEY_LIFETIME
from domain.shared.work import Work

BATCH = 500
"""Most rows that one transaction removes."""


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

    def remove_sessions(self, before: datetime, limit: int) -> int:
        """Delete sessions that expired at ``before`` or earlier; return how many."""

    def remove_keys(self, before: datetime, limit: int) -> int:
        """Delete idempotency keys created at ``before`` or earlier; return how many."""

    def remove_delivered(self, before: datetime, limit: int) -> list[UUID]:
        """Delete outbox events delivered at ``before`` or earlier; return their UUIDs."""

    def remove_accounts(
        self, before: datetime, after: int, limit: int, languages: Sequence[str]
    ) -> RemovedAccounts | None:
        """Clear IBAN and holder name of requests that ended at ``before`` or earlier.

        Takes at most ``limit`` orders above the pk ``after``, raises their versions, and removes
        their documents in ``languages``. Returns None when no order is left.
        """


class RetentionWork(Work, Protocol):
    """A unit of work on rows whose retention period is over."""

    @property
    def retention(self) -> Retention: ...


def remove_expired_sessions(uow: RetentionWork) -> int:
    """Delete some sessions that have expired; return how many."""
    removed = uow.retention.remove_sessions(uow.now, BATCH)
    uow.commit()
    return removed


def remove_expired_keys(uow: RetentionWork) -> int:
    """Delete some idempotency keys that are past their 24 hours; return how many."""
    removed = uow.retention.remove_keys(uow.now - KEY_LIFETIME, BATCH)
    uow.commit()
    return removed


def remove_delivered_events(age: timedelta, uow: RetentionWork) -> list[UUID]:
    """Delete some events that were delivered ``age`` ago or earlier; return their UUIDs.

    Dead and pending events stay.
    """
    removed = uow.retention.remove_delivered(uow.now - age, BATCH)
    uow.commit()
    return removed


def remove_settled_accounts(
    age: timedelta, after: int, languages: Sequence[str], uow: RetentionWork
) -> RemovedAccounts | None:
    """Clear the IBANs of requests that were completed or rejected ``age`` ago or earlier.

    Open and approved requests keep theirs: money may still be due. ``after`` is 0 at first, then
    ``last`` of the previous batch.
    """
    removed = uow.retention.remove_accounts(uow.now - age, after, BATCH, languages)
    uow.commit()
    return removed
