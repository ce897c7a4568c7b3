"""Runs the missing migrations, each in its own transaction, while servers work with the tables."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import uniform
from time import sleep
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from domain.shared.errors import Refusal
from domain.shared.private_files import make_private_folder
from persistence.engine.engines import Engines
from persistence.engine.failures import is_busy, is_lock_timeout
from persistence.migrations.compatibility import (
    COMPATIBILITY,
    head,
    inspected_state_of,
    require_compatible,
)

if TYPE_CHECKING:
    from persistence.migrations.steps import Step

logger = logging.getLogger(__name__)

# While a migration waits for a table, all requests that need the table wait behind it. Shorter than
# PostgreSQL's deadlock_timeout (1 s): a migration that has one table and waits for another may be
# in a deadlock with a request, and must be the one to give up.
LOCK_TIMEOUT_MS = 300
MAX_ATTEMPTS = 60
_PAUSE_SECONDS = (0.5, 2.0)
_POLL_SECONDS = 0.1
# The key of the advisory lock: any number that nothing else in the database uses.
_LOCK = 0x57617962696C6C
_TRY_LOCK = sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))
_SET_LOCK_TIMEOUT = sa.select(sa.func.set_config("lock_timeout", f"{LOCK_TIMEOUT_MS}ms", True))

Fill = Callable[[sa.Connection], None]


class MigrationBlocked(Refusal):
    """A migration could not lock a table, however often it tried."""

    message = (
        "A migration could not lock its tables, since long transactions of others hold them."
        " Nothing is left half done. End those transactions, and run: waybill migrate"
    )
    code = "migration_blocked"


def upgrade(engines: Engines, fill: Fill) -> None:
    """Run the missing migrations, one process at a time; the last one with ``fill``.

    ``fill`` runs as well if none is missing.

    Each migration is one transaction, so that it holds its locks only for a short time. After a
    failure the database has the migrations that succeeded, and the next run goes on from there.
    There is no downgrade. Tables of a newer release are left as they are.

    Raises SchemaMismatch for tables of a newer release with which this code does not work, and
    MigrationBlocked.
    """
    from persistence.migrations.steps import all_steps  # Alembic is slow to import

    _make_folder(engines.writing.url)
    steps = all_steps()
    while _run_next(engines, steps, fill):
        pass


def _run_next(engines: Engines, steps: Sequence["Step"], fill: Fill) -> bool:
    """Run the first missing migration; return whether more are missing."""
    for _ in range(MAX_ATTEMPTS):
        try:
            return _try_next(engines, steps, fill)
        except DBAPIError as error:
            # On SQLite another process may take the lock again for each of its migrations.
            if not is_lock_timeout(error) and not is_busy(error):
                raise
            logger.info("a migration waits for a lock on a table")
            sleep(uniform(*_PAUSE_SECONDS))  # noqa: S311 - no secret
    raise MigrationBlocked


def _try_next(engines: Engines, steps: Sequence["Step"], fill: Fill) -> bool:
    with _alone(engines) as connection:
        step = _next_step(connection, steps)
        if step is None:
            if inspected_state_of(connection).revision == head():
                fill(connection)
            return False
        if step.is_concurrent and engines.dialect.name == "postgresql":
            # Creating an index concurrently waits for all snapshots. The transaction of `_alone`
            # has one until its next statement; this one also keeps the server from ending it.
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            with engines.autocommit.connect() as autocommit:
                _run(step, autocommit)
        else:
            _set_lock_timeout(connection)
            _run(step, connection)
            _record_compatibility(connection, step)
        if step.revision != head():
            return True
        fill(connection)
        return False


@contextmanager
def _alone(engines: Engines) -> Iterator[sa.Connection]:
    """Begin a transaction while no other process migrates; SQLite has one writer anyway.

    A waiting process ends its transaction after each attempt: an index that the other process
    creates concurrently would wait for it.
    """
    while True:
        with engines.writing.begin() as connection:
            if engines.dialect.name != "postgresql" or connection.execute(_TRY_LOCK).scalar_one():
                yield connection
                return
        sleep(_POLL_SECONDS)


def _next_step(connection: sa.Connection, steps: Sequence["Step"]) -> "Step | None":
    state = inspected_state_of(connection)
    following = {step.previous: step for step in steps}
    if state.revision not in following:
        require_compatible(state)
    return following.get(state.revision)


def _run(step: "Step", connection: sa.Connection) -> None:
    from alembic import command

    from persistence.migrations.steps import configuration

    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, step.revision)


def _record_compatibility(connection: sa.Connection, step: "Step") -> None:
    if step.compatible_from is not None:
        change = sa.update(COMPATIBILITY).values(compatible_from=step.compatible_from)
        connection.execute(change)


def _set_lock_timeout(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_SET_LOCK_TIMEOUT)


def _make_folder(url: sa.URL) -> None:
    if url.get_backend_name() == "sqlite" and url.database:
        make_private_folder(Path(url.database).parent)
