"""Statements compiled once per dialect and executed directly on the DBAPI cursor.

SQLAlchemy takes half a millisecond to run a statement, even one that it has compiled before, and
has PostgreSQL write bytes as hexadecimal text. Here it only compiles the statement and converts
the values; the driver runs it, and PostgreSQL answers in its binary format.

Everything that a request runs goes through this module. ``observe`` is the hook for logs and
traces, since SQLAlchemy's engine events do not fire here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol
from weakref import WeakSet

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from persistence.engine.failures import is_stale_plan, is_unusable

Row = tuple[Any, ...]
Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
Statement = sa.SelectBase | sa.UpdateBase
Observer = Callable[[str, int], None]
"""Gets the SQL text of a statement and the number of its rows, after it has run."""

# PostgreSQL's own placeholders: the driver would look for others in the text each time.
_NUMBERED = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_CURSOR = "compiled_query_cursor"  # in what SQLAlchemy stores with a connection while it is open

_observers: list[Observer] = []
_registered: WeakSet["CompiledQuery"] = WeakSet()


class Connected(Protocol):
    """A unit of work: its statements run on one connection."""

    @property
    def connection(self) -> sa.Connection: ...

    def flush(self) -> None:
        """Write what was changed so far, so that the next statement sees it."""

    def execute(
        self, statement: sa.Executable, values: Any = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        """Run a statement with SQLAlchemy."""

    def take_prefetched(self, query: "CompiledQuery", values: Values) -> list[Row] | None:
        """Return the rows of a statement that came with another one; None where none did."""


def observe(observer: Observer) -> Callable[[], None]:
    """Call ``observer`` after each statement; return the function that ends this."""
    _observers.append(observer)
    return lambda: _observers.remove(observer)


def registered() -> list["CompiledQuery"]:
    """Return all statements that this process has now, for tests over all of them."""
    return list(_registered)


class CompiledQuery:
    """One statement, with bound parameters for all values that differ between its runs.

    A SELECT or a change. Raises ValueError at its first run for a statement whose text depends on
    its values (``column.in_([...])``): see ``persistence.sql.in_list``.
    """

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self._compiled: dict[str, DriverStatement] = {}
        _registered.add(self)

    def rows(self, work: Connected, values: Values) -> list[Row]:
        """Return the rows for these values of the parameters.

        Raises what SQLAlchemy raises for the errors of the driver.
        """
        work.flush()
        brought = work.take_prefetched(self, values)
        if brought is not None:
            return brought
        connection = work.connection
        return self.compiled(connection.dialect).rows(connection, values)

    def named_rows(self, work: Connected, values: Values) -> list[Any]:
        """Return the rows as ``rows`` does, with the names of the columns."""
        names = [str(column.key) for column in self.statement.exported_columns]
        rows = self.rows(work, values)
        return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]

    def scalar(self, work: Connected, values: Values) -> Any:
        """Return the one value of the one row."""
        [(value,)] = self.rows(work, values)
        return value

    def compiled(self, dialect: sa.Dialect) -> "DriverStatement":
        """Return the statement for ``dialect``, compiled at the first call."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = compile_for(dialect, self.statement)
        return compiled


@dataclass(frozen=True, slots=True)
class DriverStatement:
    """A statement in the SQL of one dialect, and how its values go in and come out.

    ``positions`` has the parameter of each placeholder. ``constants`` are literal bind values,
    already converted for the driver.
    """

    sql: str
    positions: tuple[str, ...]
    constants: Values
    binds: tuple[tuple[str, Processor], ...]
    results: tuple[tuple[int, Processor], ...]
    returns_rows: bool

    def rows(self, connection: sa.Connection, values: Values) -> list[Row]:
        """Run the statement on the driver's own connection; a change without rows returns []."""
        cursor = self._execute(connection, values)
        rows: list[Row] = cursor.fetchall() if self.returns_rows else []
        # SQLite's driver does not count the rows of a SELECT.
        count = len(rows) if self.returns_rows else cursor.rowcount
        for observer in _observers:
            observer(self.sql, count)
        return [self.read(row) for row in rows] if self.results else rows

    def change(self, connection: sa.Connection, values: Values) -> int:
        """Run a change; return how many rows it has changed."""
        cursor = self._execute(connection, values)
        for observer in _observers:
            observer(self.sql, cursor.rowcount)
        count: int = cursor.rowcount
        return count

    def change_each(self, connection: sa.Connection, rows: Iterable[Values]) -> int:
        """Run a change once for each of ``rows``; return how many rows it has changed."""
        parameters = [self.parameters(values) for values in rows]
        cursor = _cursor(connection)
        try:
            cursor.executemany(self.sql, parameters)
        except connection.dialect.loaded_dbapi.Error as error:
            raise self._failed(connection, error) from error
        for observer in _observers:
            observer(self.sql, cursor.rowcount)
        count: int = cursor.rowcount
        return count

    def parameters(self, values: Values) -> list[Any]:
        """Return the values as the driver takes them."""
        given = {**self.constants, **values}
        for name, process in self.binds:
            given[name] = process(given[name])
        return [given[name] for name in self.positions]

    def _execute(self, connection: sa.Connection, values: Values) -> Any:
        cursor = _cursor(connection)
        try:
            cursor.execute(self.sql, self.parameters(values))
        except connection.dialect.loaded_dbapi.Error as error:
            raise self._failed(connection, error) from error
        return cursor

    def _failed(self, connection: sa.Connection, error: Exception) -> BaseException:
        # What is left of the cursor's statement may hold locks.
        connection.info.pop(_CURSOR).close()
        return _wrap_driver_error(error, self.sql, connection)

    def read(self, row: Row) -> Row:
        """Return a row of the driver's with its values converted."""
        read = list(row)
        for index, process in self.results:
            read[index] = process(read[index])
        return tuple(read)


def _cursor(connection: sa.Connection) -> Any:
    """Return the cursor of the connection: to open a new one costs a quarter of a short query."""
    cursor = connection.info.get(_CURSOR)
    if cursor is None:
        driver: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "postgresql":
            cursor = psycopg.RawCursor(driver)
            cursor.format = psycopg.pq.Format.BINARY
        else:
            cursor = driver.cursor()
        connection.info[_CURSOR] = cursor
    return cursor


def compile_for(dialect: sa.Dialect, statement: Statement) -> DriverStatement:
    """Raises ValueError for a statement whose text depends on its values."""
    compiled: Any = statement.compile(
        dialect=_NUMBERED if dialect.name == "postgresql" else dialect
    )
    if compiled.post_compile_params:
        raise ValueError("the text of a compiled statement can not depend on its values")
    columns = ((index, each.type) for index, each in enumerate(statement.exported_columns))
    binds = {
        name: process
        for name, each in compiled.binds.items()
        if (process := each.type.dialect_impl(dialect).bind_processor(dialect))
    }
    fixed = {name: each.value for name, each in compiled.binds.items() if not each.required}
    return DriverStatement(
        sql=str(compiled),
        positions=tuple(compiled.positiontup),
        constants={
            name: binds[name](value) if name in binds else value for name, value in fixed.items()
        },
        binds=tuple((name, process) for name, process in binds.items() if name not in fixed),
        results=tuple(
            (index, process)
            for index, kind in columns
            if (process := kind.dialect_impl(dialect).result_processor(dialect, None))
        ),
        returns_rows=bool(statement.exported_columns),
    )


def _wrap_driver_error(error: Exception, sql: str, connection: sa.Connection) -> BaseException:
    """Return the error as SQLAlchemy raises it; connections that are unusable are closed."""
    dialect = connection.dialect
    driver: Any = connection.connection.dbapi_connection
    # Stubs name a type that is not common to all drivers.
    is_gone = dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
    is_unusable_now = is_unusable(error)
    if is_gone or is_unusable_now:
        connection.invalidate(error)
    if is_gone or is_stale_plan(error):
        connection.engine.dispose()  # the others are no better
    return DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_gone or is_unusable_now,
        dialect=dialect,
    )
