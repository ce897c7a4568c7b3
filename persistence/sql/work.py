"""A unit of work: statements on one connection, and the aggregates that it changes.

Statements of requests are run by ``CompiledQuery``, all others by ``Work.execute``.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from persistence.engine.failures import is_closed_by_server, is_unavailable
from persistence.engine.nodes import is_distributed, known_distribution
from persistence.engine.standbys import Standby
from persistence.sql.aggregates import Aggregate, View
from persistence.sql.columns import OWNER
from persistence.sql.compiled_query import CompiledQuery, Row, Values
from persistence.sql.loading import load_roots
from persistence.sql.saving import Changes, Tracked, owned_by

Root = TypeVar("Root")

logger = logging.getLogger(__name__)


class NoSavepoint(Exception):
    """A block failed that needs a savepoint and has none: the work has to run again."""


@dataclass(frozen=True, slots=True)
class Prefetch:
    """A statement and the values that it runs with."""

    query: CompiledQuery
    values: Values


class Work:
    """Takes a connection with its first statement, and gives it back with ``close``.

    Changes of loaded objects are written before the next statement and before ``commit``. Without
    ``is_writing`` nothing is written, and ``add`` raises RuntimeError; each statement sees what is
    committed when it begins, unless ``engine`` makes snapshots. Without ``has_savepoints`` the
    caller has to run the work again, with savepoints, after NoSavepoint.

    Without ``is_writing`` and ``is_transaction``, a statement runs once more if the server had
    closed the connection, as after its restart or a failover.

    ``prefetch`` is a statement to run together with the look-up of the caller
    (``persistence.sql.prefetch``). ``standby`` is where the rows come from, None: the primary.
    """

    standby: Standby | None = None

    def __init__(
        self,
        engine: sa.Engine,
        *,
        is_writing: bool = True,
        is_transaction: bool = True,
        has_savepoints: bool = True,
    ) -> None:
        self._engine = engine
        self._has_savepoints = has_savepoints
        self._is_writing = is_writing
        self._is_transaction = is_transaction
        self._connection: sa.Connection | None = None
        self._tracked: dict[tuple[type, int], Tracked] = {}
        self._new: list[Tracked] = []
        self._is_flushing = False
        self._is_repeatable = not (is_writing or is_transaction)
        self.prefetch: Prefetch | None = None
        self._offered: tuple[Prefetch, list[Row]] | None = None

    @classmethod
    def on(cls, connection: sa.Connection) -> "Work":
        """Return a unit of work in the transaction of ``connection``."""
        work = cls(connection.engine)
        work._connection = connection
        return work

    @property
    def connection(self) -> sa.Connection:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._engine.connect()
        if self._is_transaction and not connection.in_transaction():
            connection.begin()
        return connection

    @property
    def dialect_name(self) -> str:
        return self._engine.dialect.name

    @property
    def is_distributed(self) -> bool:
        """Whether the rows are distributed over nodes.

        Takes a connection only if the engine has opened none: a statement may turn out to be
        prefetched.
        """
        if self._connection is None:
            is_known = known_distribution(self._engine)
            if is_known is not None:
                return is_known
        return is_distributed(self.connection)

    def run(self, query: CompiledQuery, values: Values) -> list[Row]:
        """Run a statement by the driver, and return its rows."""
        try:
            connection = self.connection
            return query.compiled(connection.dialect).rows(connection, values)
        except DBAPIError as error:
            self._leave_closed(error)
        return self.run(query, values)

    def execute(
        self, statement: sa.Executable, values: Any = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        """Run a statement with SQLAlchemy, which takes some tenths of a millisecond more."""
        self.flush()
        try:
            return self.connection.execute(statement, values)
        except DBAPIError as error:
            self._leave_closed(error)
        return self.execute(statement, values)

    def _leave_closed(self, error: DBAPIError) -> None:
        """Return a connection that the server had closed, so that the statement can be repeated.

        Raises the error if the statement must not be repeated, or was repeated already.
        """
        if not self._is_repeatable or not is_closed_by_server(error):
            raise error
        self._is_repeatable = False
        logger.warning("the server had closed a connection; a statement is repeated")
        self.close()

    def scalars(self, statement: sa.Executable, values: Any = None) -> sa.ScalarResult[Any]:
        """Return the first column of the rows."""
        return self.execute(statement, values).scalars()

    def scalar(self, statement: sa.Executable, values: Any = None) -> Any:
        """Return the first column of the first row, or None."""
        return self.execute(statement, values).scalar()

    def offer_prefetched(self, prefetch: Prefetch, rows: list[Row]) -> None:
        """Keep ``rows`` for the next statement, which gets them if it is this one."""
        self._offered = prefetch, rows

    def take_prefetched(self, query: CompiledQuery, values: Values) -> list[Row] | None:
        """Return the prefetched rows of ``query``; None if it has to be run."""
        if self._offered is None:
            return None
        (prefetch, rows), self._offered = self._offered, None
        return rows if prefetch.query is query and prefetch.values == values else None

    def load(
        self,
        aggregate: Aggregate[Root],
        pks: Sequence[int],
        view: View = View.STATE,
        user_pk: int | None = None,
        *,
        raises_version: bool = True,
    ) -> list[Root]:
        """Return the roots with these pks that exist, in this order; their changes are written.

        Requests name the user whose rows these are: see ``persistence.sql.columns.OWNER``. A root
        that was loaded before becomes a new object, and changes of the old one are lost. Without
        ``raises_version``, this transaction must have raised the versions of the roots already.
        """
        loaded = self._tracked_roots(aggregate, pks, view, user_pk)
        for tracked in loaded:
            tracked.raises_version &= raises_version
        self._tracked.update({(aggregate.entity, tracked.pk): tracked for tracked in loaded})
        return [tracked.root for tracked in loaded]

    def read(
        self,
        aggregate: Aggregate[Root],
        pks: Sequence[int],
        view: View = View.STATE,
        user_pk: int | None = None,
    ) -> list[Root]:
        """Return roots as ``load`` does, without writing their changes."""
        return [tracked.root for tracked in self._tracked_roots(aggregate, pks, view, user_pk)]

    def _tracked_roots(
        self, aggregate: Aggregate[Any], pks: Sequence[int], view: View, user_pk: int | None
    ) -> list[Tracked]:
        """Return the roots with these pks that exist, in this order."""
        loaded = load_roots(self, aggregate, pks, view, user_pk)
        roots = {tracked.pk: tracked for tracked in loaded}
        return [roots[pk] for pk in pks if pk in roots]

    def add(self, aggregate: Aggregate[Root], root: Root) -> None:
        """Add a new root with its parts; ``flush`` stores them and sets their pks."""
        if not self._is_writing:
            raise RuntimeError("a reading unit of work changes nothing")
        self._new.append(Tracked(aggregate, root))

    def remove(self, aggregate: Aggregate[Any], root: Any) -> None:
        """Delete a root with its parts."""
        self._tracked.pop((aggregate.entity, root.pk), None)
        table = aggregate.table
        own = owned_by(table, vars(root).get(OWNER))
        self.execute(sa.delete(table).where(table.c.pk == root.pk, *own))

    def flush(self) -> None:
        """Write all pending changes."""
        if self._is_flushing or not (self._tracked or self._new):
            return
        self._is_flushing = True
        try:
            changes = Changes.of(self, [*self._tracked.values(), *self._new])
            if changes and not self._is_writing:
                raise RuntimeError("a reading unit of work changes nothing")
            if changes:
                changes.write(self)
        finally:
            self._is_flushing = False
        for tracked in self._new:
            self._tracked[tracked.aggregate.entity, tracked.pk] = tracked
        self._new.clear()

    def release(self) -> None:
        """Write pending changes, and stop tracking the objects.

        Later statements have nothing to compare.
        """
        self.flush()
        self._stop_tracking()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Write the changes of the block at its end, in a savepoint.

        After an error the database is as before the block, and no object is tracked any more.
        Without savepoints NoSavepoint is raised instead of the error.
        """
        try:
            with self._nested() if self._has_savepoints else _without_savepoint():
                yield
                self.flush()
        except BaseException:
            self._stop_tracking()
            raise

    @contextmanager
    def _nested(self) -> Iterator[None]:
        self.flush()
        with self.connection.begin_nested():
            yield

    def commit(self) -> None:
        self.flush()
        if self._connection is not None:
            self._connection.commit()

    def rollback(self) -> None:
        """Undo uncommitted changes, and give the connection back."""
        self._stop_tracking()
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _stop_tracking(self) -> None:
        self._tracked.clear()
        self._new.clear()


@contextmanager
def _without_savepoint() -> Iterator[None]:
    """Raise NoSavepoint for an error."""
    try:
        yield
    except Exception as error:
        # A lost connection or race ends the transaction anyway.
        if isinstance(error, DBAPIError) and is_unavailable(error):
            raise
        raise NoSavepoint from error
