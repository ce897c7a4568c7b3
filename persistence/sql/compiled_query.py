"""Statements compiled once per dialect and executed directly on the DBAPI cursor.

SQLAlchemy takes half a millisecond to run a statement, even from its cache, and makes PostgreSQL
write bytes as hexadecimal text. Here it only compiles the statement and converts values; the driver
runs it, and PostgreSQL answers in its binary format.

All statements of requests go through this module. ``observe`` is the hook for logs and traces,
since SQLAlchemy's engine events do not fire here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from time import time_ns
from types import SimpleNamespace
from typing import Any, Protocol
from weakref import WeakSet

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from persistence.engine.failures import is_stale_plan, is_unusable
from persistence.sql.statement_names import Declaration

Row = tuple[Any, ...]
Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
Statement = sa.SelectBase | sa.UpdateBase

# PostgreSQL's own placeholders, so that the driver does not have to parse the text each time.
_NUMBERED = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_CURSOR = "compiled_query_cursor"  # a key of SQLAlchemy's Connection.info


@dataclass(frozen=True, slots=True)
class Execution:
    """A statement that has run: its name and SQL text, its rows, and when it ran.

    ``rows``: how many were returned or changed. Times are in nanoseconds since 1970; ``ended`` is
    after the rows were fetched. ``error``: the driver's, for a statement that failed.
    """

    name: str
    sql: str
    rows: int
    began: int
    ended: int
    error: Exception | None = None


Observer = Callable[[Execution], None]

_observers: list[Observer] = []
_registered: WeakSet["CompiledQuery"] = WeakSet()


class Connected(Protocol):
    """A unit of work: its statements run on one connection."""

    @property
    def connection(self) -> sa.Connection: ...

    def flush(self) -> None:
        """Write pending changes, so that the next statement sees them."""

    def execute(
        self, statement: sa.Executable, values: Any = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        """Run a statement with SQLAlchemy."""

    def take_prefetched(self, query: "CompiledQuery", values: Values) -> list[Row] | None:
        """Return the rows if they came with an earlier statement, else None."""

    def run(self, query: "CompiledQuery", values: Values) -> list[Row]:
        """Run a statement by the driver."""


def observe(observer: Observer) -> Callable[[], None]:
    """Call ``observer`` after each statement, in its thread; return the function that ends this."""
    _observers.append(observer)
    return lambda: _observers.remove(observer)


def registered() -> list["CompiledQuery"]:
    """Return all statements of this process, for tests over all of them."""
    return list(_registered)


class CompiledQuery:
    """A SELECT or a change, with a bound parameter for each value that differs between runs.

    The first run raises ValueError if the text of the statement depends on its values
    (``column.in_([...])``): see ``persistence.sql.in_list``. Traces show ``name``; by default it
    says where the statement is declared.
    """

    def __init__(self, statement: Statement, name: str = "") -> None:
        self.statement = statement
        self._name = name
        self._declaration = None if name else Declaration()
        self._compiled: dict[str, DriverStatement] = {}
        _registered.add(self)

    @cached_property
    def name(self) -> str:
        """The name of the statement."""
        return self._declaration.name_of(self) if self._declaration else self._name

    def rows(self, work: Connected, values: Values) -> list[Row]:
        """Run the statement with these parameters, and return the rows.

        Raises the driver's errors as SQLAlchemy's.
        """
        work.flush()
        prefetched = work.take_prefetched(self, values)
        return work.run(self, values) if prefetched is None else prefetched

    def named_rows(self, work: Connected, values: Values) -> list[Any]:
        """Return the rows with the columns as attributes."""
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
            compiled = compile_for(dialect, self.statement, self.name)
            self._compiled[dialect.name] = compiled
        return compiled


@dataclass(frozen=True, slots=True)
class DriverStatement:
    """A statement in the SQL of one dialect, with the converters of its values.

    ``positions`` has the parameter of each placeholder. ``constants`` are literal bind values,
    already converted for the driver.
    """

    name: str
    sql: str
    positions: tuple[str, ...]
    constants: Values
    binds: tuple[tuple[str, Processor], ...]
    results: tuple[tuple[int, Processor], ...]
    returns_rows: bool

    def rows(self, connection: sa.Connection, values: Values) -> list[Row]:
        """Run the statement on the DBAPI connection; a change without RETURNING returns []."""
        began = time_ns() if _observers else 0
        cursor = self._execute(connection, values)
        rows: list[Row] = cursor.fetchall() if self.returns_rows else []
        if _observers:
            # SQLite's driver does not count the rows of a SELECT.
            self._ran(began, len(rows) if self.returns_rows else cursor.rowcount)
        return [self.read(row) for row in rows] if self.results else rows

    def change(self, connection: sa.Connection, values: Values) -> int:
        """Run a change; return the number of changed rows."""
        began = time_ns() if _observers else 0
        cursor = self._execute(connection, values)
        if _observers:
            self._ran(began, cursor.rowcount)
        count: int = cursor.rowcount
        return count

    def change_many(self, connection: sa.Connection, rows: Iterable[Values]) -> int:
        """Run a change once for each of ``rows``; return the number of changed rows."""
        parameters = [self.parameters(values) for values in rows]
        began = time_ns() if _observers else 0
        cursor = _cursor(connection)
        try:
            cursor.executemany(self.sql, parameters)
        except connection.dialect.loaded_dbapi.Error as error:
            raise self._failed(connection, error, began) from error
        if _observers:
            self._ran(began, cursor.rowcount)
        count: int = cursor.rowcount
        return count

    def parameters(self, values: Values) -> list[Any]:
        """Return the values in the order and form of the driver."""
        bound = {**self.constants, **values}
        for name, process in self.binds:
            bound[name] = process(bound[name])
        return [bound[name] for name in self.positions]

    def _execute(self, connection: sa.Connection, values: Values) -> Any:
        began = time_ns() if _observers else 0
        cursor = _cursor(connection)
        try:
            cursor.execute(self.sql, self.parameters(values))
        except connection.dialect.loaded_dbapi.Error as error:
            raise self._failed(connection, error, began) from error
        return cursor

    def _ran(self, began: int, rows: int, error: Exception | None = None) -> None:
        execution = Execution(self.name, self.sql, rows, began, time_ns(), error)
        for observer in _observers:
            observer(execution)

    def _failed(self, connection: sa.Connection, error: Exception, began: int) -> BaseException:
        if _observers:
            self._ran(began, 0, error)
        # An open cursor may hold locks.
        connection.info.pop(_CURSOR).close()
        return _wrap_driver_error(error, self.sql, connection)

    def read(self, row: Row) -> Row:
        """Return a row of the driver with converted values."""
        read = list(row)
        for index, process in self.results:
            read[index] = process(read[index])
        return tuple(read)


def _cursor(connection: sa.Connection) -> Any:
    """Return the connection's cursor; a new one would cost a quarter of a short query."""
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


def compile_for(dialect: sa.Dialect, statement: Statement, name: str) -> DriverStatement:
    """Compile a statement. Raises ValueError if its text depends on its values."""
    compiled: Any = statement.compile(
        dialect=_NUMBERED if dialect.name == "postgresql" else dialect
    )
    if compiled.post_compile_params:
        raise ValueError("the text of a compiled statement can not depend on its values")
    columns = ((index, column.type) for index, column in enumerate(statement.exported_columns))
    binds = {
        name: process
        for name, bind in compiled.binds.items()
        if (process := bind.type.dialect_impl(dialect).bind_processor(dialect))
    }
    fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return DriverStatement(
        name=name,
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
    """Return the error as SQLAlchemy would raise it; close connections that are unusable."""
    dialect = connection.dialect
    driver: Any = connection.connection.dbapi_connection
    # The stubs have the type of one driver.
    is_disconnected = dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
    is_unusable_now = is_unusable(error)
    if is_disconnected or is_unusable_now:
        connection.invalidate(error)
    if is_disconnected or is_stale_plan(error):
        connection.engine.dispose()  # the pool's other connections are affected as well
    return DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_disconnected or is_unusable_now,
        dialect=dialect,
    )
