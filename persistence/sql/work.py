"""One unit of work: its statements on one connection, and the aggregates that it changes.

``CompiledQuery`` is for statements on the path of a request; ``Work.execute`` is SQLAlchemy's own
way, for everything else. There is no third.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from persistence.engine.failures import is_unavailable
from persistence.sql.aggregates import Aggregate, View
from persistence.sql.compiled_query import CompiledQuery, Row, Values
from persistence.sql.loading import load_roots
from persistence.sql.saving import Changes, Tracked

Root = TypeVar("Root")


class NoSavepoint(Exception):
    """A block that was to be undone alone failed, and has no savepoint: the work is done again."""


@dataclass(frozen=True, slots=True)
class Prefetch:
    """A statement and the values that it runs with."""

    query: CompiledQuery
    values: Values


class Work:
    """Takes a connection with its first statement, and gives it back with ``close``.

    What was loaded and changed since is written before the next statement runs, and before
    ``commit``. Without ``is_writing`` nothing is written, and ``add`` raises RuntimeError; each
    statement sees what is committed when it begins, unless ``engine`` is one of snapshots. Without
    ``has_savepoints`` the work is to be done again with them where NoSavepoint is raised.

    ``prefetch`` is a statement to run together with the look-up of the caller
    (``persistence.sql.prefetch``).
    """

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
        self.prefetch: Prefetch | None = None
        self._offered: tuple[Prefetch, list[Row]] | None = None

    @classmethod
    def on(cls, connection: sa.Connection) -> "Work":
        """Return a unit of work in the transaction of ``connection``, which ends with that."""
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

    def execute(
        self, statement: sa.Executable, values: Any = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        """Run a statement with SQLAlchemy, which takes some tenths of a millisecond more."""
        self.flush()
        return self.connection.execute(statement, values)

    def scalars(self, statement: sa.Executable, values: Any = None) -> sa.ScalarResult[Any]:
        """Return the first column of the rows."""
        return self.execute(statement, values).scalars()

    def scalar(self, statement: sa.Executable, values: Any = None) -> Any:
        """Return the first column of the first row, None where there is no row."""
        return self.execute(statement, values).scalar()

    def offer_prefetched(self, prefetch: Prefetch, rows: list[Row]) -> None:
        """Have ``rows`` for the next statement, if it is this one with these values."""
        self._offered = prefetch, rows

    def take_prefetched(self, query: CompiledQuery, values: Values) -> list[Row] | None:
        """Return the rows that came with another statement; None: ``query`` has to be run."""
        if self._offered is None:
            return None
        (prefetch, rows), self._offered = self._offered, None
        return rows if prefetch.query is query and prefetch.values == values else None

    def load(
        self, aggregate: Aggregate[Root], pks: Sequence[int], view: View = View.STATE
    ) -> list[Root]:
        """Return the roots with these pks, in this order; those that are not there are left out.

        Their changes are written. A root that was loaded before is read again, and is another
        object from then on.
        """
        found = {tracked.pk: tracked for tracked in load_roots(self, aggregate, pks, view)}
        for pk, tracked in found.items():
            self._tracked[aggregate.entity, pk] = tracked
        return [found[pk].root for pk in pks if pk in found]

    def read(
        self, aggregate: Aggregate[Root], pks: Sequence[int], view: View = View.STATE
    ) -> list[Root]:
        """Return roots as ``load`` does, which are only to be looked at."""
        found = {tracked.pk: tracked for tracked in load_roots(self, aggregate, pks, view)}
        return [found[pk].root for pk in pks if pk in found]

    def add(self, aggregate: Aggregate[Root], root: Root) -> None:
        """Have a new root stored, with its parts; ``flush`` gives all of them their pks."""
        if not self._is_writing:
            raise RuntimeError("a reading unit of work changes nothing")
        self._new.append(Tracked(aggregate, root))

    def remove(self, aggregate: Aggregate[Any], root: Any) -> None:
        """Delete a root, and with it its parts."""
        self._tracked.pop((aggregate.entity, root.pk), None)
        table = aggregate.table
        self.execute(sa.delete(table).where(table.c.pk == root.pk))

    def flush(self) -> None:
        """Write what was added and changed so far."""
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
        """Write what was changed so far, and nothing of the same objects any more.

        Statements after it have nothing to compare.
        """
        self.flush()
        self._forget()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Write at the end what the block changes.

        An error leaves the database as it was before the block; the objects are none that are
        written any more. Work without savepoints can not go on after it: NoSavepoint is raised in
        its place.
        """
        try:
            with self._nested() if self._has_savepoints else _all_undone():
                yield
                self.flush()
        except BaseException:
            self._forget()
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
        """Undo what is not committed, and give the connection back."""
        self._forget()
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _forget(self) -> None:
        self._tracked.clear()
        self._new.clear()


@contextmanager
def _all_undone() -> Iterator[None]:
    """Have the work done again from its start after an error."""
    try:
        yield
    except Exception as error:
        # A lost connection or race ends the work in any case.
        if isinstance(error, DBAPIError) and is_unavailable(error):
            raise
        raise NoSavepoint from error
