"""The database: what the composition root opens, and everybody else gets units of work from."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.imports.documents import Imports
from domain.shared.documents import Renderer
from domain.shared.errors import Unavailable
from domain.shared.readiness import Corrupt, ReadOnly, TransactionPooler
from domain.unit_of_work import UnitOfWork
from persistence import migrations, readiness
from persistence.documents.cache import (
    DocumentKind,
    Documents,
    DocumentShelf,
    KeptDocumentShelf,
    Later,
    NoDocuments,
    ShelvedDocuments,
)
from persistence.engine.background import Background
from persistence.engine.engines import Engines, Pool, connect
from persistence.engine.failures import is_corrupt, is_lost_race, is_read_only, is_unavailable
from persistence.engine.intervals import Interval
from persistence.engine.poolers import is_shared
from persistence.imports.store import SqlImports
from persistence.orders.old_orders import OLD_ORDER_DOCUMENTS
from persistence.orders.queries import ORDER_DOCUMENTS
from persistence.orders.seller_projection import fill_seller_orders
from persistence.replacing import GivenRows, make_tables, raise_all_versions, replace_rows
from persistence.revisions import require_answer, require_schema
from persistence.seller_center.list_definitions import LISTINGS
from persistence.sql.prefetch import RecordingWork, first_statement
from persistence.sql.work import NoSavepoint, Work
from persistence.unit_of_work import SqlUnitOfWork

DEFAULT_POOL = Pool()
DEFAULT_DOCUMENT_MEMORY_BYTES = 16 * 1024 * 1024
MAX_ATTEMPTS = 5
_CORRUPT_SECONDS = 60.0
_NOTES_PAUSE_SECONDS = 60.0
_KEPT: Mapping[str, DocumentKind[Any]] = {
    "orders": ORDER_DOCUMENTS,
    "old_orders": OLD_ORDER_DOCUMENTS,
}
# Most of the memory is for what is read most, and longest.
_PARTS = 16
_PARTS_OF = {"orders": 8, "old_orders": 4} | dict.fromkeys(LISTINGS, 1)

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class LostRace(Unavailable):
    """The transaction was ended so that another one could go on; a second try may win."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class _Reading:
    """A unit of work that gives its connection back at the end of the block.

    Not a generator's: each request has two or three, and they cost as much as a short statement.
    """

    __slots__ = ("_raise_unavailable", "_unit")

    def __init__(
        self, unit: SqlUnitOfWork, raise_unavailable: Callable[[BaseException], None]
    ) -> None:
        self._unit = unit
        self._raise_unavailable = raise_unavailable

    def __enter__(self) -> SqlUnitOfWork:
        return self._unit

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> None:
        self._unit.close()
        if error is not None:
            self._raise_unavailable(error)


class Database:
    """One database, SQLite (a file) or PostgreSQL, with a pool of connections.

    Nothing is opened before it is needed. May be shared by threads, not by processes. Its units of
    work raise Unavailable when the database cannot be reached, does not answer or stays locked.
    Documents are there of whatever ``renderers`` name, as the unit of work does; what was rendered
    is stored for other processes before the document is returned, or after it (``stores_later``).
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
        self._clock = clock
        self._pool = pool
        self._is_pooler_known = False
        self._since_corrupt = Interval()
        self._since_note_failed = Interval()
        self._background = Background()
        later = self._background.run if stores_later else _now
        self._shelves = {
            name: _shelf(name, renderer, self._engines, document_memory_bytes, later)
            for name, renderer in renderers.items()
        }

    def reading(self, begun: UnitOfWork | None = None) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that changes nothing; each of its questions sees what is committed.

        One that was ``begun``, and has ended, goes on.
        """
        unit = begun if isinstance(begun, SqlUnitOfWork) else self._unit(self._reading())
        return _Reading(unit, self._raise_unavailable)

    def prefetching(
        self, read: Callable[[UnitOfWork], object]
    ) -> AbstractContextManager[UnitOfWork]:
        """A unit of work as of ``reading``, in which to look up a caller.

        ``read`` runs first, for a stand-in and up to its first statement, whose rows come with the
        look-up. It must change nothing.
        """
        recording = RecordingWork(self._engines.autocommit, is_writing=False)
        work = self._reading()
        work.prefetch = first_statement(recording, partial(read, self._unit(recording)))
        return self.reading(self._unit(work))

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """A unit of work in one transaction: what is not committed is rolled back at its end."""
        with self._writing() as work:
            yield self._changing(work)

    def write(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Return what ``work`` returns, which commits what it did itself.

        Work that loses to another transaction (a deadlock, a serialization failure) is done again
        from the start, in a new transaction, five times at most; so it must have no effect outside
        of the unit of work. Raises Unavailable when it has lost every time.

        The first attempt has no savepoints, which cost two round trips and are seldom used: where
        one is missing, the work is done again with all of them.
        """
        for attempt in range(MAX_ATTEMPTS - 1):
            try:
                with self._writing(has_savepoints=attempt > 0) as attempted:
                    return work(self._changing(attempted))
            except (LostRace, NoSavepoint):
                continue
        with self.writing() as uow:
            return work(uow)

    @contextmanager
    def importing(self, actor: str) -> Iterator[Imports]:
        """The storing of imported documents, in one transaction as in ``writing``.

        ``actor`` is who the audit trail names, as ``domain.audit`` writes it.
        """
        with self._writing() as work:
            yield SqlImports(work, self._clock(), actor)

    def note(self, work: Callable[[UnitOfWork], object]) -> None:
        """Do ``work``, whose one change can be done without, where the database takes it at once.

        It waits a quarter of a second at most. After a failure nothing is tried for a minute, so
        that what comes after it is not delayed each time.
        """
        if self._since_note_failed.is_within(_NOTES_PAUSE_SECONDS):
            return

        def change(connection: sa.Connection) -> None:
            noting = Work.on(connection)
            work(self._changing(noting))
            noting.flush()

        if not self._engines.attempt(change, "a note"):
            self._since_note_failed.start()

    def require_session_pooling(self) -> None:
        """Raises TransactionPooler for a pooler that only the setting makes safe.

        Raises Unavailable where the database does not answer, and this can not be known.
        """
        if self._pool.is_shared or self._is_pooler_known:
            return
        with self._available():
            if is_shared(self._url):
                raise TransactionPooler
        self._is_pooler_known = True

    def require_ready(self) -> None:
        """Raises Unavailable unless requests can be served; NotReady says what has to be changed.

        Takes some seconds at most. Damage that requests have met within the last minute counts.
        """
        if self._since_corrupt.is_within(_CORRUPT_SECONDS):
            raise Corrupt
        try:
            self.require_session_pooling()
        except TransactionPooler:
            raise
        except Unavailable:
            # No answer is wrong meanwhile, so a later probe will do: connections may be scarce.
            logger.warning("it is not known yet whether a pooler exchanges connections")
        with self._available():
            try:
                readiness.require_ready(self._engines)
            except ReadOnly:
                self._engines.renew()
                raise
            except DBAPIError as error:
                # Whatever it is, a missing table or a missing permission: no request is served.
                self._note_failure(error)
                raise Unavailable from error

    def require_schema(self) -> None:
        """Raises SchemaMismatch for other tables than this release needs, and Unavailable."""
        require_schema(self._engines)

    def migrate(self) -> None:
        """Bring the tables to the newest revision; a database that is there already is left.

        Raises SchemaMismatch for a revision of a newer release, and Unavailable.
        """
        # A step may take as long as the tables are large.
        engines = connect(self._url, replace(self._pool, size=1, timeout=None))
        try:
            require_answer(engines)
            with self._available():
                migrations.upgrade(engines, _fill_tables)
        finally:
            engines.dispose()

    def make_tables(self) -> None:
        """Make the tables of the newest revision in an empty database. Raises Unavailable."""
        with self._available(), self._engines.writing.begin() as connection:
            make_tables(connection)

    def replace_rows(self, given: GivenRows) -> None:
        """Delete all rows, and store these in their place, in one transaction.

        Raises as ``persistence.replacing.replace_rows`` does, and Unavailable.
        """
        with self._writing() as work:
            replace_rows(work, given)
            work.commit()

    def render_anew(self) -> None:
        """Have all documents rendered anew: the clock was set. Raises Unavailable."""
        with self._writing() as work:
            raise_all_versions(work)
            work.commit()

    def finish_background(self) -> None:
        """Wait until the documents that were rendered so far are stored."""
        self._background.close()

    def close(self) -> None:
        """Close all connections that are not in use, once what waits to be stored is stored."""
        self.finish_background()
        self._engines.dispose()

    def _unit(self, work: Work) -> SqlUnitOfWork:
        now = self._clock()

        def documents(name: str) -> Documents:
            shelf = self._shelves.get(name)
            return NoDocuments() if shelf is None else ShelvedDocuments(work, shelf, now)

        return SqlUnitOfWork(work, now, documents)

    def _reading(self) -> Work:
        return Work(self._engines.autocommit, is_writing=False, is_transaction=False)

    def _changing(self, work: Work) -> SqlUnitOfWork:
        return SqlUnitOfWork(work, self._clock(), lambda _: NoDocuments())

    @contextmanager
    def _writing(self, *, has_savepoints: bool = True) -> Iterator[Work]:
        writing = Work(self._engines.writing, has_savepoints=has_savepoints)
        with self._available(), self._engines.turn(), closing(writing) as work:
            yield work

    @contextmanager
    def _available(self) -> Iterator[None]:
        """Raises Unavailable for an error that says so; LostRace where a second try may win."""
        try:
            yield
        except SQLAlchemyError as error:
            self._raise_unavailable(error)
            raise

    def _raise_unavailable(self, error: BaseException) -> None:
        """Raises as ``_available`` does, or nothing."""
        if isinstance(error, PoolTimeoutError):
            logger.error("the database is not available", exc_info=error)
            raise Unavailable from error
        if not isinstance(error, DBAPIError) or not is_unavailable(error):
            return
        if is_lost_race(error):
            logger.warning("a transaction lost to another one")
            raise LostRace from error
        self._note_failure(error)
        raise Unavailable from error

    def _note_failure(self, error: DBAPIError) -> None:
        if is_read_only(error):
            # What was the primary may have become a standby, and another server the primary.
            self._engines.renew()
            logger.warning("the database is read-only: %s", type(error.orig).__name__)
            return
        # One bad page of PostgreSQL is one order's; SQLite is damaged as a whole.
        if is_corrupt(error) and self._engines.dialect.name == "sqlite":
            self._since_corrupt.start()
        logger.error("the database is not available", exc_info=error)


def _shelf(
    name: str, renderer: Renderer[Any], engines: Engines, memory_bytes: int, later: Later
) -> DocumentShelf[Any]:
    """What sellers see is short, and quickly rendered: memory will do for it."""
    part = memory_bytes // _PARTS * _PARTS_OF[name]
    if name in _KEPT:
        return KeptDocumentShelf(_KEPT[name], renderer, engines, part, later)
    return DocumentShelf(LISTINGS[name].load, renderer, engines, part)


def _now(function: Callable[[], None]) -> None:
    function()


def _fill_tables(connection: sa.Connection) -> None:
    fill_seller_orders(Work.on(connection))
