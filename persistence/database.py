"""The database: what the composition root opens, and everybody else gets units of work from."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from domain.documents import Renderer
from domain.errors import Unavailable
from domain.imports import Imports
from domain.unit_of_work import UnitOfWork
from persistence import migrations
from persistence.documents import (
    DocumentKind,
    Documents,
    DocumentShelf,
    KeptDocumentShelf,
    NoDocuments,
    ShelvedDocuments,
)
from persistence.engines import Engines, Pool, connect
from persistence.imports import SqlImports
from persistence.old_orders import OLD_ORDER_DOCUMENTS
from persistence.orders import ORDER_DOCUMENTS
from persistence.reading import ReadingSession
from persistence.revisions import require_answer, require_schema
from persistence.seller_listings import LISTINGS
from persistence.seller_orders import fill_seller_orders, follow_orders
from persistence.unit_of_work import SqlUnitOfWork
from persistence.versions import raise_versions

DEFAULT_POOL = Pool()
DEFAULT_DOCUMENT_MEMORY_BYTES = 16 * 1024 * 1024
MAX_ATTEMPTS = 5
_KEPT: Mapping[str, DocumentKind[Any]] = {
    "orders": ORDER_DOCUMENTS,
    "old_orders": OLD_ORDER_DOCUMENTS,
}
# Most of the memory is for what is read most, and longest.
_PARTS = 16
_PARTS_OF = {"orders": 8, "old_orders": 4} | dict.fromkeys(LISTINGS, 1)

# PostgreSQL's serialization failure and deadlock; SQLite has one writer at a time, and neither.
_LOST_RACES = frozenset({"40001", "40P01"})

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class LostRace(Unavailable):
    """The transaction was ended so that another one could go on; a second try may win."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Database:
    """One database, SQLite (a file) or PostgreSQL, with a pool of connections.

    Nothing is opened before it is needed. May be shared by threads, not by processes. Its units of
    work raise Unavailable when the database cannot be reached, does not answer or stays locked.
    Documents are there of whatever ``renderers`` name, as the unit of work does.
    """

    def __init__(
        self,
        url: str,
        *,
        renderers: Mapping[str, Renderer[Any]],
        clock: Callable[[], datetime] = utc_now,
        pool: Pool = DEFAULT_POOL,
        document_memory_bytes: int = DEFAULT_DOCUMENT_MEMORY_BYTES,
    ) -> None:
        self._url = url
        self._engines = connect(url, pool)
        self._clock = clock
        self._shelves = {
            name: _shelf(name, renderer, self._engines, document_memory_bytes)
            for name, renderer in renderers.items()
        }
        self._reading = sessionmaker(self._engines.autocommit, class_=ReadingSession)
        self._writing = sessionmaker(self._engines.writing, expire_on_commit=False)
        event.listen(self._reading, "before_flush", _refuse_changes)
        event.listen(self._writing, "before_flush", raise_versions)
        event.listen(self._writing, "after_flush", follow_orders)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """A unit of work that changes nothing; each of its questions sees what is committed."""
        with _available(), self._reading() as session:
            now = self._clock()

            def documents(name: str) -> Documents:
                shelf = self._shelves.get(name)
                return NoDocuments() if shelf is None else ShelvedDocuments(session, shelf, now)

            yield SqlUnitOfWork(session, now, documents)

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """A unit of work in one transaction: what is not committed is rolled back at its end."""
        with _available(), self._engines.turn(), self._writing() as session:
            yield SqlUnitOfWork(session, self._clock(), lambda _: NoDocuments())

    def write(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Return what ``work`` returns, which commits what it did itself.

        Work that loses to another transaction (a deadlock, a serialization failure) is done again
        from the start, in a new transaction, five times at most; so it must have no effect outside
        of the unit of work. Raises Unavailable when it has lost every time.
        """
        for _ in range(MAX_ATTEMPTS - 1):
            try:
                with self.writing() as uow:
                    return work(uow)
            except LostRace:
                continue
        with self.writing() as uow:
            return work(uow)

    @contextmanager
    def importing(self) -> Iterator[Imports]:
        """The storing of imported documents, in one transaction as in ``writing``."""
        with _available(), self._engines.turn(), self._writing() as session:
            yield SqlImports(session, self._clock())

    def forget_documents(self) -> None:
        """Forget the documents in memory: other rows have come under the same pks.

        Nothing in Waybill does that. Whoever puts a backup back while the server runs does.
        """
        for shelf in self._shelves.values():
            shelf.forget()

    def ping(self) -> None:
        """Ask the database for an answer. Raises Unavailable."""
        with _available(), self._engines.autocommit.connect() as connection:
            connection.execute(sa.select(1))

    def require_schema(self) -> None:
        """Raises SchemaMismatch for other tables than this release needs, and Unavailable."""
        require_schema(self._engines)

    def migrate(self) -> None:
        """Bring the tables to the newest revision; a database that is there already is left.

        Raises SchemaMismatch for a revision of a newer release, and Unavailable.
        """
        # A step may take as long as the tables are large.
        engines = connect(self._url, Pool(1, timeout=None))
        try:
            require_answer(engines)
            with _available():
                migrations.upgrade(engines, _fill_tables)
        finally:
            engines.dispose()

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engines.dispose()


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) in _LOST_RACES:
            logger.warning("a transaction lost to another one")
            raise LostRace from error
        logger.exception("the database is not available")
        raise Unavailable from error
    except (InterfaceError, PoolTimeoutError) as error:
        logger.exception("the database is not available")
        raise Unavailable from error


def _shelf(
    name: str, renderer: Renderer[Any], engines: Engines, memory_bytes: int
) -> DocumentShelf[Any]:
    """What sellers see is short, and quickly rendered: memory will do for it."""
    part = memory_bytes // _PARTS * _PARTS_OF[name]
    if name in _KEPT:
        return KeptDocumentShelf(_KEPT[name], renderer, engines, part)
    return DocumentShelf(LISTINGS[name].load, renderer, engines, part)


def _fill_tables(connection: sa.Connection) -> None:
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        fill_seller_orders(session)
        session.commit()


def _refuse_changes(session: Session, *_: object) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("a reading unit of work changes nothing")
