"""The database: opened by the composition root; everything else gets units of work from it."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from domain.imports.documents import Imports
from domain.shared.documents import Renderer
from domain.shared.monitoring import DatabaseFigures, PoolUse, StandbyFigures
from domain.shared.positions import Position, StandbyReader
from domain.unit_of_work import UnitOfWork
from persistence import diagnosis, migrations, monitoring
from persistence.availability import Availability
from persistence.distribution import Distribution
from persistence.document_caches import document_caches
from persistence.documents.cache import DisabledDocuments, Documents, RequestDocuments
from persistence.engine.background import Background
from persistence.engine.engines import Engines, Pool, connect
from persistence.engine.failures import LostRace
from persistence.engine.intervals import Interval
from persistence.engine.measures import Measures
from persistence.engine.standbys import POOL, Standbys, StandbyStatus
from persistence.heartbeats import record_heartbeat
from persistence.imports.store import SqlImports
from persistence.migrating import migrate_tables
from persistence.readiness import Readiness
from persistence.replacing import TableRows, create_tables, raise_all_versions, replace_rows
from persistence.revisions import require_connection, require_schema, schema_state
from persistence.sql.compiled_query import Observer
from persistence.sql.engine_observers import observe_engine
from persistence.sql.prefetch import RecordingWork, first_statement
from persistence.sql.standby_work import NotingWork, StandbyWork
from persistence.sql.work import NoSavepoint, Work
from persistence.unit_of_work import ReadingContext, SqlUnitOfWork

DEFAULT_POOL = Pool()
DEFAULT_DOCUMENT_MEMORY_BYTES = 16 * 1024 * 1024
MAX_ATTEMPTS = 5
_NOTES_PAUSE_SECONDS = 60.0
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Database:
    """One database, SQLite (a file) or PostgreSQL, with a pool of connections.

    Connections are opened when needed. May be shared by threads, not by processes. Units of work
    raise Unavailable when the database cannot be reached, does not answer or stays locked.
    ``renderers`` have the names of stores of the unit of work. A rendered document is stored for
    other processes before it is returned, or, with ``stores_later``, in a background thread.

    Standbys of the ``pool`` are read where a caller of ``prefetching`` allows it; everything else
    is the primary's.
    """

    def __init__(
        self,
        url: str,
        *,
        renderers: Mapping[str, Renderer[Any]],
        clock: Callable[[], datetime] = utc_now,
        pool: Pool = DEFAULT_POOL,
        document_memory_bytes: int = DEFAULT_DOCUMENT_MEMORY_BYTES,
        stores_later: bool = False,
    ) -> None:
        self._url = url
        self._engines = connect(url, pool)
        self._standbys = None if pool.standbys is None else Standbys(pool.standbys, url, pool)
        self._clock = clock
        self._pool = pool
        self._availability = Availability(self._engines)
        self._readiness = Readiness(url, pool, self._engines, self._standbys, self._availability)
        self._since_note_failed = Interval()
        self._background = Background()
        later = self._background.run if stores_later else _run_now
        self._caches = document_caches(renderers, self._engines, document_memory_bytes, later)

    def reading(self, begun: UnitOfWork | None = None) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that only reads; each statement sees what is committed when it begins.

        ``begun`` is a unit of work of an earlier block, which is used again.
        """
        unit = begun if isinstance(begun, SqlUnitOfWork) else self._unit(self._reading())
        return ReadingContext(unit, self._availability.raise_unavailable)

    def prefetching(
        self,
        read: Callable[[UnitOfWork], object] | None = None,
        reader: StandbyReader | None = None,
    ) -> AbstractContextManager[UnitOfWork]:
        """A unit of work as ``reading`` returns it, in which to look up a caller.

        ``read`` first runs for a stand-in, up to its first statement; the look-up of the caller
        returns that statement's rows as well. ``read`` must change nothing. Without ``reader`` only
        the primary is read.
        """
        work = self._reading() if reader is None else self._reading_standby(reader)
        if read is not None:
            recording = RecordingWork(self._engines.autocommit, is_writing=False)
            work.prefetch = first_statement(recording, partial(read, self._unit(recording)))
        return self.reading(self._unit(work))

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """A unit of work in one transaction; what is not committed is rolled back at the end."""
        with self._writing() as work:
            yield self._changing(work)

    def write(
        self,
        work: Callable[[UnitOfWork], Result],
        note: Callable[[Position], None] | None = None,
    ) -> Result:
        """Run ``work``, which has to commit, and return its result.

        After a deadlock or a serialization failure ``work`` runs again in a new transaction, five
        times in total; so it must have no effect outside of the unit of work. Raises Unavailable
        when all attempts have lost.

        The first attempt has no savepoints, which cost two round trips and are seldom used. If one
        was needed, ``work`` runs again with savepoints.

        ``note`` gets the position after all that ``work`` has changed and seen, before the commit;
        an error that it raises undoes the work. It is called again for each attempt.
        """
        for attempt in range(MAX_ATTEMPTS - 1):
            try:
                with self._writing(has_savepoints=attempt > 0, note=note) as attempted:
                    return self._run(work, attempted)
            except (LostRace, NoSavepoint):
                continue
        with self._writing(note=note) as attempted:
            return self._run(work, attempted)

    @contextmanager
    def importing(self, actor: str) -> Iterator[Imports]:
        """Store imported documents in one transaction, as in ``writing``.

        ``actor`` is written to the audit trail, in the form of ``domain.audit``.
        """
        with self._writing() as work:
            yield SqlImports(work, self._clock(), actor)

    def write_best_effort(self, work: Callable[[UnitOfWork], object]) -> None:
        """Run ``work``, whose one change is best effort: lost if it can not be written at once.

        Waits at most a quarter of a second. After a failure nothing is written for a minute, so
        that the caller is not delayed each time.
        """
        if self._since_note_failed.is_within(_NOTES_PAUSE_SECONDS):
            return

        def change(connection: sa.Connection) -> None:
            writing = Work.on(connection)
            work(self._changing(writing))
            writing.flush()

        if not self._engines.write_best_effort(change, "a note"):
            self._since_note_failed.start()

    def require_session_pooling(self) -> None:
        """Raises as ``Readiness`` does."""
        self._readiness.require_session_pooling()

    def require_suitable_standbys(self) -> None:
        """Raises as ``Readiness`` does."""
        self._readiness.require_suitable_standbys()

    def require_ready(self) -> None:
        """Raises as ``Readiness`` does."""
        self._readiness.require_ready()

    def report_to(self, measures: Measures) -> None:
        """Count documents, waits for connections and readers of standbys from now on."""
        self._engines.report_waits(measures)
        if self._standbys is not None:
            self._standbys.report_to(measures)
        for cache in self._caches.values():
            cache.measures = measures

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engines.dialect.name

    def observe_engines(self, observer: Observer) -> None:
        """Call ``observer`` after each statement that SQLAlchemy runs, which are few."""
        for engine in self._engines.bases:
            observe_engine(engine, observer)

    def pool_use(self) -> Mapping[str, PoolUse]:
        """How many connections of this process are in use, by the name of the pool."""
        uses = self._engines.pool_use()
        return uses if self._standbys is None else {**uses, POOL: self._standbys.pool_use()}

    def figures(self) -> DatabaseFigures:
        """Figures for monitoring, from one statement. Takes a few seconds at most.

        Raises Unavailable.
        """
        with self._availability.required():
            figures = monitoring.read_figures(self._engines, self._clock())
        return replace(figures, standbys=tuple(map(_figures_of, self.standbys())))

    def record_heartbeat(self, worker: UUID) -> None:
        """Note that the mail worker runs; best effort, and not waiting for long."""
        now = self._clock()
        self._engines.write_best_effort(
            lambda connection: record_heartbeat(connection, worker, now), "a heartbeat"
        )

    def require_schema(self) -> None:
        """Raises SchemaMismatch for tables with which this code does not work, and Unavailable."""
        require_schema(self._engines)

    def schema_state(self) -> migrations.SchemaState:
        """Return the revision of the tables, with the code that works with them.

        Raises Unavailable.
        """
        return schema_state(self._engines)

    def outbox_state(self) -> diagnosis.OutboxState:
        """Return how e-mails are waiting. Raises Unavailable."""
        with self._availability.required():
            return diagnosis.outbox_state(self._engines)

    def server_time(self) -> datetime | None:
        """Return the time of PostgreSQL's clock; None for SQLite. Raises Unavailable."""
        with self._availability.required():
            return diagnosis.database_time(self._engines)

    def migrate(self) -> None:
        """Migrate the tables to the newest revision, if they are not there yet.

        Raises as ``persistence.migrations.upgrade`` does, and Unavailable.
        """
        engines = self._connect_without_timeout()
        try:
            require_connection(engines)
            with self._availability.required():
                migrate_tables(engines, utc_now())
        finally:
            engines.dispose()

    @property
    def distribution(self) -> Distribution:
        """Distributes the tables over the nodes of Citus, and examines what is distributed."""
        return Distribution(self._engines, self._availability, self._connect_without_timeout)

    def create_tables(self) -> None:
        """Create the tables of the newest revision in an empty database. Raises Unavailable."""
        with self._availability.required(), self._engines.writing.begin() as connection:
            create_tables(connection)

    def replace_rows(self, rows: TableRows) -> None:
        """Delete all rows and store ``rows`` in their place, in one transaction.

        Raises as ``persistence.replacing.replace_rows`` does, and Unavailable.
        """
        with self._writing() as work:
            replace_rows(work, rows)
            work.commit()

    def expire_documents(self) -> None:
        """Have all documents rendered again after the clock was set. Raises Unavailable."""
        with self._writing() as work:
            raise_all_versions(work)
            work.commit()

    def finish_background(self) -> None:
        """Wait until the documents that were rendered so far are stored."""
        self._background.close()

    def close(self) -> None:
        """Store the documents that wait for it, then close all connections that are not in use."""
        self.finish_background()
        if self._standbys is not None:
            self._standbys.close()
        self._engines.dispose()

    def check_standbys(self) -> None:
        """Begin to check the standbys, which the first reader does otherwise.

        Without a check from before, no standby is read while the primary does not answer.
        """
        if self._standbys is not None:
            self._standbys.start()

    def standbys(self) -> list[StandbyStatus]:
        """The standbys of the settings, and whether they are read."""
        return [] if self._standbys is None else self._standbys.statuses()

    def _connect_without_timeout(self) -> Engines:
        """Open engines for statements that may take as long as the tables are large."""
        return connect(self._url, replace(self._pool, size=1, timeout=None))

    def _unit(self, work: Work) -> SqlUnitOfWork:
        now = self._clock()

        def documents(name: str) -> Documents:
            cache = self._caches.get(name)
            return DisabledDocuments() if cache is None else RequestDocuments(work, cache, now)

        return SqlUnitOfWork(work, now, documents)

    def _reading(self) -> Work:
        return Work(self._engines.autocommit, is_writing=False, is_transaction=False)

    def _reading_standby(self, reader: StandbyReader) -> Work:
        """A unit of work on a standby, or on the primary if no standby may be read."""
        standbys = self._standbys
        if standbys is None or not (candidates := standbys.readable(reader)):
            return self._reading()
        return StandbyWork(standbys, candidates, reader, self._engines.autocommit)

    def _run(self, work: Callable[[UnitOfWork], Result], attempted: Work) -> Result:
        run = partial(work, self._changing(attempted))
        return attempted.run_noting(run) if isinstance(attempted, NotingWork) else run()

    def _changing(self, work: Work) -> SqlUnitOfWork:
        return SqlUnitOfWork(work, self._clock(), lambda _: DisabledDocuments())

    @contextmanager
    def _writing(
        self, *, has_savepoints: bool = True, note: Callable[[Position], None] | None = None
    ) -> Iterator[Work]:
        engine = self._engines.writing
        if note is None:
            writing = Work(engine, has_savepoints=has_savepoints)
        else:
            writing = NotingWork(engine, note, has_savepoints=has_savepoints)
        with self._availability.required(), self._engines.write_lock(), closing(writing) as work:
            yield work


def _figures_of(standby: StandbyStatus) -> StandbyFigures:
    return StandbyFigures(standby.name, standby.obstacle is None, standby.seconds_behind)


def _run_now(function: Callable[[], None]) -> None:
    function()
