"""Connection pools for both databases, and the engines that use them."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.base import OptionEngine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.shared.monitoring import PoolUse
from persistence.engine.disposal import close_on_return, renew_together
from persistence.engine.failures import cause_of, discard_unusable, is_read_only
from persistence.engine.files import reconnect_when_replaced
from persistence.engine.hosts import HostOrder, database_url
from persistence.engine.intervals import Interval
from persistence.engine.measures import Measures
from persistence.engine.nodes import detect_distribution, is_distributed
from persistence.engine.pools import MeasuredPool
from persistence.engine.sqlite import (
    BEGIN,
    BEGIN_WRITING,
    busy_timeout,
    hold_write_lock,
    set_up_connections,
)
from persistence.engine.statement_timeouts import set_timeouts

logger = logging.getLogger(__name__)

POOL_TIMEOUT = 2.0
CACHE_WRITE_TIMEOUT_MS = 250

_RENEWAL_SECONDS = 1.0  # between two replacements of all connections
_PAUSE_SECONDS = 30.0  # without best-effort writes, after the database was read-only
# Aggregates are looked up by keys. Planning for their values costs more than the look-up, and
# PostgreSQL would do it each time, since it assumes that a list has ten keys.
_GENERIC_PLANS = "SET plan_cache_mode = force_generic_plan"
_APPLIED = "synchronous_commit = remote_apply"
_CACHE_WRITE_SETTINGS = sa.select(
    *(
        sa.func.set_config(name, value, True)
        for name, value in (
            ("lock_timeout", f"{CACHE_WRITE_TIMEOUT_MS}ms"),
            ("synchronous_commit", "off"),
        )
    )
)

APPLICATION_NAME = "waybill"
"""The name of the connections in ``pg_stat_activity``, unless the URL has another."""

# Citus sends these to the other nodes, but not the results of set_config.
_DISTRIBUTED_CACHE_WRITE_SETTINGS = (
    f"SET LOCAL lock_timeout = '{CACHE_WRITE_TIMEOUT_MS}ms'",
    "SET LOCAL synchronous_commit = off",
)


@dataclass(frozen=True, slots=True)
class StandbyOptions:
    """Which standbys are read, and when.

    ``url`` names their hosts. ``lag``: a standby that is more seconds behind the primary is not
    read. ``is_applied``: every commit waits until the standbys have applied it, and only standbys
    that commits wait for are read.
    """

    url: str
    lag: float = 5.0
    is_applied: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """The connections of one process.

    ``size``: the most connections of each pool. ``timeout``: seconds to wait for a response of
    PostgreSQL; None: no limit. ``connect_timeout``: seconds for each host that a new connection
    tries. ``standbys``: those to read as well; None: only the primary is read.

    ``is_shared``: a pooler in front of PostgreSQL gives each transaction any of its server
    connections (PgBouncer: ``pool_mode = transaction``). Then no prepared statement and no SET may
    outlive a transaction.
    """

    size: int = 10
    timeout: float | None = 10.0
    is_shared: bool = False
    connect_timeout: int = 2
    standbys: StandbyOptions | None = None

    @property
    def is_applied(self) -> bool:
        """Whether a commit waits until all synchronous standbys have applied it."""
        return self.standbys is not None and self.standbys.is_applied


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of one database, by what ``connect`` or ``begin`` starts.

    ``writing``: a transaction, on SQLite with the write lock from its start; take ``write_lock``
    first. ``autocommit``: no transaction, so that each statement sees what is committed when it
    begins. ``snapshot``: a read-only transaction in which all statements see the same moment.
    ``aggregates``: reads an aggregate in one snapshot.

    ``cache_writer`` has one connection for best-effort writes (documents, notes); use it by
    ``cache_connection``.

    ``since_renewal``: since all connections were last replaced. ``since_refusal``: since a
    best-effort write was refused because the database is read-only.
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

    @property
    def pools(self) -> dict[str, MeasuredPool]:
        """The pools of this process, by name; SQLite reads with the connections of ``write``."""
        engines = {"write": self.writing, "read": self.autocommit, "documents": self.cache_writer}
        named = {name: engine.pool for name, engine in engines.items()}
        if named["read"] is named["write"]:
            del named["read"]
        return {name: pool for name, pool in named.items() if isinstance(pool, MeasuredPool)}

    @property
    def bases(self) -> list[sa.Engine]:
        """The engines that the others are derived from, with their events."""
        engines = (self.writing, self.autocommit, self.cache_writer)
        return [engine for engine in engines if not isinstance(engine, OptionEngine)]

    def pool_use(self) -> dict[str, PoolUse]:
        """How many connections of this process are in use, by the name of the pool."""
        return {name: PoolUse(pool.checkedout(), pool.size()) for name, pool in self.pools.items()}

    def report_waits(self, measures: Measures) -> None:
        """Report the waits for connections from now on."""
        for name, pool in self.pools.items():
            pool.on_wait = partial(measures.pool_wait, name)

    @contextmanager
    def cache_connection(self) -> Iterator[sa.Connection]:
        """Open a connection for best-effort writes.

        It waits at most a quarter of a second for the connection and for locks, and not for the
        disk. PostgreSQL commits at the end of the block; SQLite commits each statement.
        """
        with self.cache_writer.begin() as connection:
            if self.dialect.name == "postgresql":
                # For this transaction only: behind a pooler, other clients would get what is set
                # for a session.
                if is_distributed(connection):
                    for setting in _DISTRIBUTED_CACHE_WRITE_SETTINGS:
                        connection.exec_driver_sql(setting)
                else:
                    connection.execute(_CACHE_WRITE_SETTINGS)
            yield connection

    def write_best_effort(self, write: Callable[[sa.Connection], object], what: str) -> bool:
        """Run ``write`` on a connection for best-effort writes; return whether it succeeded.

        A failure is logged in one line; ``what`` names in it what could not be stored. After the
        database was read-only, nothing is written for half a minute.
        """
        if self.since_refusal.is_within(_PAUSE_SECONDS):
            return False
        try:
            with self.cache_connection() as connection:
                write(connection)
        except SQLAlchemyError as error:
            if isinstance(error, DBAPIError) and is_read_only(error):
                self.since_refusal.start()
                self.reconnect()
            logger.warning("%s could not be stored: %s", what, type(cause_of(error)).__name__)
            return False
        return True

    def dispose(self) -> None:
        """Close all connections; those in use are closed when they are returned."""
        for engine in (self.writing, self.autocommit, self.cache_writer):
            engine.dispose()

    def reconnect(self) -> None:
        """Replace all connections, since another server may be the primary now.

        At most once a second, however many requests ask for it.
        """
        if self.since_renewal.passed(_RENEWAL_SECONDS):
            self.dispose()


def connect(url: str, pool: Pool) -> Engines:
    """Return engines for ``url``; nothing is opened yet.

    ``postgres://`` and ``postgresql://`` select psycopg. When all connections of the pool are in
    use, a caller waits 2 seconds for one. PostgreSQL has a second pool of the same size for
    ``autocommit``; both databases have one more connection for ``cache_writer``. A statement that
    PostgreSQL does not answer in time raises OperationalError and closes its connection. Raises
    ValueError for an invalid list of hosts.
    """
    parsed = database_url(url)
    create = partial(
        sa.create_engine,
        parsed,
        poolclass=MeasuredPool,
        max_overflow=0,
        hide_parameters=True,  # errors are logged, people's data is not
        json_serializer=_json,  # an imported order has thirty columns of JSON
        json_deserializer=orjson.loads,
    )
    usual = {"pool_size": pool.size, "pool_timeout": POOL_TIMEOUT}
    small = {"pool_size": 1, "pool_timeout": CACHE_WRITE_TIMEOUT_MS / 1000}
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(create(**usual), create(**small))
    # All statements are repeated, and planning one takes longer than running it.
    threshold = None if pool.is_shared else 0
    named = {"fallback_application_name": APPLICATION_NAME}
    create = partial(create, connect_args={"prepare_threshold": threshold, **named})
    autocommit = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    # Autocommit has a pool of its own: to switch a connection to it and back costs as much as a
    # short query.
    return _postgres(create(**usual), create(**usual, **autocommit), create(**small), pool)


def pool_names(url: str) -> tuple[str, ...]:
    """Return the names of the pools that the engines for ``url`` have."""
    is_sqlite = database_url(url).get_backend_name() == "sqlite"
    return ("write", "documents") if is_sqlite else ("write", "read", "documents")


def database_files(url: str) -> list[Path]:
    """Return the files of an SQLite database, existing or not; none for PostgreSQL."""
    parsed = database_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return []
    return [Path(f"{parsed.database}{suffix}") for suffix in ("", "-wal", "-shm")]


def _sqlite(engine: sa.Engine, cache_writer: sa.Engine) -> Engines:
    for created in (engine, cache_writer):
        set_up_connections(created)
        event.listen(created, "handle_error", discard_unusable)
        close_on_return(created)
        reconnect_when_replaced(created)
    session_settings = (busy_timeout(CACHE_WRITE_TIMEOUT_MS), "PRAGMA synchronous = NORMAL")
    event.listen(cache_writer, "connect", partial(_set, session_settings))
    snapshot = engine.execution_options(**{BEGIN: "BEGIN"})
    return Engines(
        writing=engine.execution_options(**{BEGIN: BEGIN_WRITING}),
        autocommit=engine,
        snapshot=snapshot,
        aggregates=snapshot,
        cache_writer=cache_writer,
        write_lock=partial(hold_write_lock, Lock()),
    )


def _postgres(
    engine: sa.Engine, autocommit: sa.Engine, cache_writer: sa.Engine, pool: Pool
) -> Engines:
    order = HostOrder()
    for created in (engine, autocommit, cache_writer):
        set_timeouts(created, pool.timeout, pool.connect_timeout, order)
        event.listen(created, "handle_error", discard_unusable)
        # Not on Citus: it plans for the values of a statement, which say where its rows are.
        is_writing = created is engine and not pool.is_shared
        detect_distribution(created, *([_GENERIC_PLANS] if is_writing else []))
    if not pool.is_shared and pool.is_applied:
        event.listen(engine, "connect", partial(_set, [f"SET {_APPLIED}"]))
    elif pool.is_applied:
        event.listen(engine, "begin", _begin_applied)
    event.listen(engine, "checkin", _leave_to_server)
    for created in (engine, autocommit, cache_writer):
        close_on_return(created)  # last, since a closed connection can't be set
    engines = Engines(
        writing=engine,
        autocommit=autocommit,
        snapshot=engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ),
        # One statement is one snapshot. This pool has generic plans.
        aggregates=engine.execution_options(isolation_level="AUTOCOMMIT"),
        cache_writer=cache_writer,
        write_lock=nullcontext,
    )
    renew_together((engine, autocommit, cache_writer), engines.reconnect)
    return engines


def _leave_to_server(connection: psycopg.Connection[Any] | None, _record: object) -> None:
    """Leave READ WRITE or READ ONLY of the next transaction to the server's default.

    After a snapshot SQLAlchemy would begin it with READ WRITE. That overrides
    ``default_transaction_read_only``, and a standby refuses it.
    """
    if connection is not None:
        connection.read_only = None


def _begin_applied(connection: sa.Connection) -> None:
    """Set it for one transaction that writes; the next may have another server connection."""
    options = connection.get_execution_options()
    if "isolation_level" not in options:
        connection.exec_driver_sql(f"SET LOCAL {_APPLIED}")


def _set(statements: Iterable[str], connection: DBAPIConnection, _record: object) -> None:
    """Run statements that set up a new connection."""
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()
    connection.commit()


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
