"""Connections to either database, and the three ways of using them."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import uniform
from threading import Lock
from time import monotonic, sleep
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from domain.shared.errors import Unavailable
from domain.shared.private_files import create_private_file
from persistence.engine.disposal import close_on_return
from persistence.engine.failures import discard_unusable, is_busy, is_read_only
from persistence.engine.files import reconnect_when_replaced
from persistence.engine.intervals import Interval
from persistence.engine.statement_timeouts import set_timeout

logger = logging.getLogger(__name__)

POOL_TIMEOUT = 2.0
BUSY_TIMEOUT_MS = 5000
CACHE_WRITE_TIMEOUT_MS = 250
SYNCHRONOUS = "FULL"  # what is acknowledged outlives the machine

_BEGIN = "sqlite_begin"
_BEGIN_WRITING = "BEGIN IMMEDIATE"
_BACKOFF = (0.002, 0.01)  # seconds
_RENEWAL_SECONDS = 1.0
_PAUSE_SECONDS = 30.0
# Whole orders are found by keys alone. To plan for their values costs more than to find them:
# PostgreSQL would do so each time, since it takes a list to have ten keys.
_GENERIC_PLANS = "SET plan_cache_mode = force_generic_plan"
_CACHE_WRITE_SETTINGS = sa.select(
    *(
        sa.func.set_config(name, value, True)
        for name, value in (
            ("lock_timeout", f"{CACHE_WRITE_TIMEOUT_MS}ms"),
            ("synchronous_commit", "off"),
        )
    )
)


@dataclass(frozen=True, slots=True)
class Pool:
    """How many connections one process may have, and for how many seconds each waits for an answer
    of PostgreSQL (None: for ever).

    ``is_shared`` says that a pooler stands before PostgreSQL which gives each transaction any of
    its server connections (PgBouncer: ``pool_mode = transaction``). Then nothing may outlive a
    transaction there: no prepared statement and no SET.
    """

    size: int = 10
    timeout: float | None = 10.0
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Engines:
    """One pool of connections; the names say what ``connect`` or ``begin`` starts.

    ``writing``: a transaction, on SQLite with the write lock from the start. ``autocommit``: none,
    each statement sees what is committed when it begins. ``snapshot``: a read-only transaction in
    which all statements see the same moment. ``aggregates``: whatever lets a whole aggregate be
    read at one moment. Whoever wants ``writing`` waits for their ``write_lock`` first.

    ``cache_writer`` is for what can be done without (documents, notes): one connection, of which
    ``cache_connection`` makes use.
    """

    writing: sa.Engine
    autocommit: sa.Engine
    snapshot: sa.Engine
    aggregates: sa.Engine
    cache_writer: sa.Engine
    write_lock: Callable[[], AbstractContextManager[None]]
    since_renewal: Interval = field(default_factory=Interval)
    since_refusal: Interval = field(default_factory=Interval)

    @property
    def dialect(self) -> sa.Dialect:
        return self.writing.dialect

    @contextmanager
    def cache_connection(self) -> Iterator[sa.Connection]:
        """A connection that writes at once or not at all: what it writes can be done without.

        It waits a quarter of a second at most, for its turn as for what others have locked, and
        not for the disk. PostgreSQL commits at the end of the block; SQLite commits each statement.
        """
        with self.cache_writer.begin() as connection:
            if self.dialect.name == "postgresql":
                # For this transaction only: what a session has set may go over to other clients
                # where a pooler stands between.
                connection.execute(_CACHE_WRITE_SETTINGS)
            yield connection

    def attempt(self, write: Callable[[sa.Connection], object], what: str) -> bool:
        """Do ``write`` on such a connection; return whether it succeeded.

        A failure is logged in a line, with ``what`` was to be written. A database that can only be
        read is left alone for half a minute.
        """
        if self.since_refusal.is_within(_PAUSE_SECONDS):
            return False
        try:
            with self.cache_connection() as connection:
                write(connection)
        except SQLAlchemyError as error:
            if isinstance(error, DBAPIError) and is_read_only(error):
                self.since_refusal.start()
                self.renew()
            cause = getattr(error, "orig", None) or error
            logger.warning("%s could not be stored: %s", what, type(cause).__name__)
            return False
        return True

    def dispose(self) -> None:
        """Close all connections, those that are in use when they come back."""
        for engine in (self.writing, self.autocommit, self.cache_writer):
            engine.dispose()

    def renew(self) -> None:
        """Have all that comes use new connections: the server has become another one, or may have.

        Not more often than once a second, however many requests find that out.
        """
        if self.since_renewal.passed(_RENEWAL_SECONDS):
            self.dispose()


def connect(url: str, pool: Pool) -> Engines:
    """Return engines for ``url``; nothing is opened yet.

    ``postgres://`` and ``postgresql://`` are understood as psycopg's. A caller who finds all
    connections of the pool in use waits 2 seconds for one; PostgreSQL has as many again for
    ``autocommit``, and both have one more for ``cache_writer``. What PostgreSQL does not answer in time
    raises OperationalError, and its connection is given up; a new connection gets two seconds at
    least.
    """
    create = partial(
        sa.create_engine,
        _with_driver(url),
        max_overflow=0,
        hide_parameters=True,  # errors are logged, people's data is not
        json_serializer=_json,  # an imported order has thirty columns of JSON
        json_deserializer=orjson.loads,
    )
    usual = {"pool_size": pool.size, "pool_timeout": POOL_TIMEOUT}
    small = {"pool_size": 1, "pool_timeout": CACHE_WRITE_TIMEOUT_MS / 1000}
    if sa.make_url(url).get_backend_name() == "sqlite":
        return _sqlite(create(**usual), create(**small))
    # What is asked once is asked again and again: to plan a statement takes longer than to run it.
    threshold = None if pool.is_shared else 0
    create = partial(create, connect_args={"prepare_threshold": threshold})
    autocommit = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    # A pool of its own for autocommit: to put each connection into it and back costs as much as a
    # short question does.
    engines = (create(**usual), create(**usual, **autocommit), create(**small))
    for engine in engines:
        set_timeout(engine, pool.timeout)
        event.listen(engine, "handle_error", discard_unusable)
    if not pool.is_shared:
        event.listen(engines[0], "connect", partial(_set, [_GENERIC_PLANS]))
    return _postgres(*engines)


def database_files(url: str) -> list[Path]:
    """Return the files of an SQLite database, whether they are there or not; none for others."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return []
    return [Path(f"{parsed.database}{suffix}") for suffix in ("", "-wal", "-shm")]


def _sqlite(engine: sa.Engine, cache_writer: sa.Engine) -> Engines:
    for each in (engine, cache_writer):
        event.listen(each, "do_connect", _create_privately)
        event.listen(each, "connect", _prepare_sqlite)
        event.listen(each, "begin", _begin_sqlite)
        event.listen(each, "handle_error", discard_unusable)
        close_on_return(each)
        reconnect_when_replaced(each)
    session_settings = (busy_timeout(CACHE_WRITE_TIMEOUT_MS), "PRAGMA synchronous = NORMAL")
    event.listen(cache_writer, "connect", partial(_set, session_settings))
    snapshot = engine.execution_options(**{_BEGIN: "BEGIN"})
    return Engines(
        writing=engine.execution_options(**{_BEGIN: _BEGIN_WRITING}),
        autocommit=engine,
        snapshot=snapshot,
        aggregates=snapshot,
        cache_writer=cache_writer,
        write_lock=partial(_hold_write_lock, Lock()),
    )


def _postgres(engine: sa.Engine, autocommit: sa.Engine, cache_writer: sa.Engine) -> Engines:
    event.listen(engine, "checkin", _leave_to_server)
    for each in (engine, autocommit, cache_writer):
        close_on_return(each)  # last, since a closed connection can't be set
    return Engines(
        writing=engine,
        autocommit=autocommit,
        snapshot=engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ),
        # One statement sees one moment. The pool is that of generic plans.
        aggregates=engine.execution_options(isolation_level="AUTOCOMMIT"),
        cache_writer=cache_writer,
        write_lock=nullcontext,
    )


def _leave_to_server(connection: psycopg.Connection[Any] | None, _record: object) -> None:
    """Let the server say whether the next transaction writes.

    After a snapshot SQLAlchemy has it begin with READ WRITE. So it would write against
    ``default_transaction_read_only``, and a standby would refuse to begin it.
    """
    if connection is not None:
        connection.read_only = None


def _set(statements: Iterable[str], connection: DBAPIConnection, _record: object) -> None:
    """Set what a new connection keeps for as long as it lives."""
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()
    connection.commit()


@contextmanager
def _hold_write_lock(lock: Lock) -> Iterator[None]:
    """Let the threads of this process write one after the other.

    SQLite has one write lock, for which its waiters only ask now and then: under load, whoever
    comes fresh would overtake those who have waited long, until their time is over. Raises
    Unavailable for whose turn does not come in that time.
    """
    if not lock.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
        raise Unavailable
    try:
        yield
    finally:
        lock.release()


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _with_driver(url: str) -> sa.URL:
    parsed = sa.make_url(url)
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _create_privately(
    _dialect: sa.Dialect, _record: object, arguments: Sequence[Any], _options: object
) -> None:
    """Make the file with mode 0600 before SQLite does; its -wal and -shm take that mode.

    Where that can't be done SQLite says why.
    """
    name = arguments[0]
    if name and not name.startswith((":", "file:")):
        with suppress(OSError):
            create_private_file(Path(name))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # None: the driver begins no transactions of its own; _begin_sqlite does.
    connection.isolation_level = None
    connection.execute(busy_timeout(BUSY_TIMEOUT_MS))
    # Of two who open a new file, SQLite sends one away at once: each may wait for the other.
    retry_while_busy(partial(connection.execute, "PRAGMA journal_mode = WAL"))
    connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN)
    if begin == _BEGIN_WRITING:
        _begin_writing(connection)
    elif begin is not None:
        connection.exec_driver_sql(begin)


def _begin_writing(connection: sa.Connection) -> None:
    """Wait for the one write lock, which other processes want, too, as long as for any other.

    SQLite itself naps longer and longer, up to a tenth of a second, and seldom wakes in the short
    time between two writers. With naps alike, all processes have the same chance.
    """
    connection.exec_driver_sql(busy_timeout(0))
    try:
        retry_while_busy(partial(connection.exec_driver_sql, _BEGIN_WRITING))
    finally:
        connection.exec_driver_sql(busy_timeout(BUSY_TIMEOUT_MS))


def retry_while_busy(attempt: Callable[[], object]) -> None:
    """Do what SQLite refuses while others are at the file, for as long as the busy timeout.

    Raises what ``attempt`` raises for any other reason, and at last.
    """
    until = monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            attempt()
        except (sqlite3.OperationalError, OperationalError) as error:
            if monotonic() > until or not is_busy(error):
                raise
            sleep(uniform(*_BACKOFF))  # noqa: S311 - no secret
        else:
            return


def busy_timeout(milliseconds: int) -> str:
    """Return the statement that has a connection to SQLite wait so long for a lock."""
    return f"PRAGMA busy_timeout = {milliseconds}"
