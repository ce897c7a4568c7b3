"""Tidying: removes expired rows in short transactions, for `waybill tidy` and for workers."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Protocol, TypeVar
from uuid import uuid4

import structlog

from domain.maintenance import begin_run, continue_run, end_run
from domain.privacy.retention import (
    BATCH,
    Expiring,
    Monthly,
    RetentionPeriods,
    create_months,
    drop_months,
    remove_delivered_events,
    remove_expired,
    remove_settled_accounts,
)
from domain.shared.errors import Unavailable
from domain.unit_of_work import UnitOfWork
from handlers.mail.transports import FOLDER, remove_emails

EMAILS = "e-mails"
ACCOUNTS = "IBANs"
_CHECK_SECONDS = 60.0

_log = structlog.get_logger(__name__)
Result = TypeVar("Result")


class Database(Protocol):
    """The database, as a run needs it."""

    def write(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Run ``work`` in a transaction; retry it after a conflict. Raises Unavailable."""


class TidyRun:
    """One run. ``removed`` counts the rows that were removed so far, by kind."""

    def __init__(
        self,
        database: Database,
        periods: RetentionPeriods,
        batch: int = BATCH,
        folder: Path | None = None,
    ) -> None:
        self.removed: Counter[str] = Counter()
        self._database = database
        self._periods = periods
        self._batch = batch
        self._folder = FOLDER if folder is None else folder
        self._holder = uuid4()

    def begin(self, *, only_if_due: bool = False) -> bool:
        """Begin the run, unless another process has one; see ``begin_run``. Raises Unavailable."""
        return self._database.write(partial(begin_run, self._holder, only_if_due=only_if_due))

    def steps(self) -> Iterator[None]:
        """Remove all that has expired, in one transaction for each step, and end the run.

        Raises RunLost and Unavailable.
        """
        yield from self._months()
        for kind in Expiring:
            yield from self._rows(kind)
        yield from self._emails()
        yield from self._accounts()
        self.end()

    def end(self) -> None:
        """End the run, so that another process may begin one. Raises Unavailable."""
        self._database.write(partial(end_run, self._holder))

    def _months(self) -> Iterator[None]:
        """A table that is in use all the time waits for the next run."""
        for kind in Monthly:
            for work in (partial(create_months, kind), partial(drop_months, kind, self._periods)):
                try:
                    self._write(work)
                except Unavailable:
                    _log.warning("partitions_postponed", rows=kind.value)
                yield

    def _rows(self, kind: Expiring) -> Iterator[None]:
        removed = self._batch
        while removed == self._batch:
            removed = self._write(partial(remove_expired, kind, self._periods, self._batch))
            self.removed[kind] += removed
            yield

    def _emails(self) -> Iterator[None]:
        work = partial(remove_delivered_events, self._periods.emails, self._batch)
        removed = self._batch
        while removed == self._batch:
            uuids = self._write(work)
            remove_emails(self._folder, uuids)
            removed = len(uuids)
            self.removed[EMAILS] += removed
            yield

    def _accounts(self) -> Iterator[None]:
        after = 0
        while batch := self._write(
            partial(remove_settled_accounts, self._periods.accounts, after, self._batch)
        ):
            after = batch.last
            self.removed[ACCOUNTS] += batch.requests
            yield

    def _write(self, work: Callable[[UnitOfWork], Result]) -> Result:
        def work_in_run(uow: UnitOfWork) -> Result:
            continue_run(self._holder, uow)
            return work(uow)

        return self._database.write(work_in_run)


class HourlyTidy:
    """Tidies once an hour, in one of the workers of a database.

    It works in short steps, so that e-mails are delivered in between.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._run: TidyRun | None = None
        self._steps: Iterator[None] = iter(())
        self._next_check = monotonic()

    def step(self) -> bool:
        """Do what is due, for a short time; return whether there is more.

        After an error the run ends, and another worker may begin the next one when it is due.
        """
        try:
            return self._step()
        except Exception as error:  # noqa: BLE001 - e-mails are delivered all the same
            self._run = None
            _log.warning("tidying_failed", error=type(error).__name__)
            return False

    def _step(self) -> bool:
        if self._run is None:
            self._begin()
        elif next(self._steps, self) is self:
            removed = {str(kind): count for kind, count in self._run.removed.items() if count}
            _log.info("tidied", removed=removed)
            self._run = None
        return self._run is not None

    def _begin(self) -> None:
        if monotonic() < self._next_check:
            return
        self._next_check = monotonic() + _CHECK_SECONDS
        run = TidyRun(self._database, RetentionPeriods())
        if run.begin(only_if_due=True):
            self._run, self._steps = run, run.steps()
