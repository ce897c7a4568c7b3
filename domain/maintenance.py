"""Maintenance of the database: one process at a time, and a worker once an hour."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.shared.work import Work

INTERVAL = timedelta(hours=1)
"""From the start of a run to the start of the next one of any worker."""

LEASE = timedelta(minutes=5)
"""How long a run may take for one batch before another process may begin a run."""


class RunLost(Exception):
    """The lease of this run has ended, and another process has begun one."""


class MaintenanceRuns(Protocol):
    """The last run of all processes."""

    def claim(self, holder: UUID, now: datetime, *, only_if_due: bool) -> bool:
        """Begin a run, unless one is under way; ``only_if_due``: or one began within INTERVAL."""

    def renew(self, holder: UUID, until: datetime) -> bool:
        """Extend the lease of this holder's run; False if it has none any more."""

    def end(self, holder: UUID) -> None:
        """End this holder's run, if it has one."""


class MaintenanceWork(Work, Protocol):
    """A unit of work on the runs."""

    @property
    def maintenance(self) -> MaintenanceRuns: ...


def begin_run(holder: UUID, uow: MaintenanceWork, *, only_if_due: bool = False) -> bool:
    """Begin a run of ``holder``, unless one is under way; return whether it began.

    ``only_if_due``: or one began within INTERVAL.
    """
    is_begun = uow.maintenance.claim(holder, uow.now, only_if_due=only_if_due)
    uow.commit()
    return is_begun


def continue_run(holder: UUID, uow: MaintenanceWork) -> None:
    """Extend the lease, in the transaction of the next batch. Raises RunLost."""
    if not uow.maintenance.renew(holder, uow.now + LEASE):
        raise RunLost


def end_run(holder: UUID, uow: MaintenanceWork) -> None:
    """End the run of ``holder``."""
    uow.maintenance.end(holder)
    uow.commit()
