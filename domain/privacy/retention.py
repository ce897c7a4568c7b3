"""What is stored and no longer needed: expired sessions and keys, sent e-mails, paid accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.idempotency import KEPT
from domain.shared.work import Work

BATCH = 500
"""How many rows one transaction removes at most."""


@dataclass(frozen=True, slots=True)
class RemovedAccounts:
    """One batch of orders whose accounts are removed; ``last`` is the highest pk looked at."""

    last: int
    requests: int


class Leftovers(Protocol):
    """The rows that can go.

    Each method removes at most ``limit`` of them and leaves out what another transaction has
    locked, so that it neither waits for a server or a worker nor keeps one waiting for long.
    """

    def remove_sessions(self, before: datetime, limit: int) -> int:
        """Delete sessions that expired at ``before`` or earlier; return how many."""

    def remove_keys(self, before: datetime, limit: int) -> int:
        """Delete idempotency keys that were made at ``before`` or earlier; return how many."""

    def remove_delivered(self, before: datetime, limit: int) -> list[UUID]:
        """Delete outbox events delivered at ``before`` or earlier; return their UUIDs."""

    def remove_accounts(
        self, before: datetime, after: int, limit: int, languages: Sequence[str]
    ) -> RemovedAccounts | None:
        """Clear IBAN and holder name of requests that were over at ``before`` or earlier.

        Of at most ``limit`` orders above the pk ``after``. The versions of their orders rise, and
        the documents that were rendered in ``languages`` are removed. None: no order is left.
        """


class LeftoverWork(Work, Protocol):
    """A unit of work on rows that are no longer needed."""

    @property
    def leftovers(self) -> Leftovers: ...


def remove_expired_sessions(uow: LeftoverWork) -> int:
    """Delete some sessions that have expired; return how many."""
    removed = uow.leftovers.remove_sessions(uow.now, BATCH)
    uow.commit()
    return removed


def remove_expired_keys(uow: LeftoverWork) -> int:
    """Delete some idempotency keys that are past their 24 hours; return how many."""
    removed = uow.leftovers.remove_keys(uow.now - KEPT, BATCH)
    uow.commit()
    return removed


def remove_delivered_events(age: timedelta, uow: LeftoverWork) -> list[UUID]:
    """Delete some events that were delivered ``age`` ago or earlier; return their UUIDs.

    Dead and pending ones stay.
    """
    removed = uow.leftovers.remove_delivered(uow.now - age, BATCH)
    uow.commit()
    return removed


def remove_settled_accounts(
    age: timedelta, after: int, languages: Sequence[str], uow: LeftoverWork
) -> RemovedAccounts | None:
    """Clear the IBANs of requests that were completed or rejected ``age`` ago or earlier.

    Requests that are open or approved keep theirs: money may still be due. To begin, ``after`` is
    0; then it is ``last`` of the batch before.
    """
    removed = uow.leftovers.remove_accounts(uow.now - age, after, BATCH, languages)
    uow.commit()
    return removed
