"""The questions of the read path: spelled once, then asked of the driver itself.

SQLAlchemy takes half a millisecond to run a statement, even one that it has compiled before, and
has PostgreSQL write bytes as hexadecimal text. Here it only spells the statement and converts the
values; the driver runs it, and PostgreSQL answers in its binary format.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from persistence.failures import is_stale_plan, is_unusable

Row = tuple[Any, ...]
Processor = Callable[[Any], Any]

_CURSOR = "questions"  # in what SQLAlchemy keeps with a connection as long as that is open
Statement = sa.SelectBase | sa.UpdateBase


class Question:
    """One statement, with bound parameters for all that differs from time to time.

    A SELECT, or a change that returns rows.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._spelled: dict[str, Spelled] = {}

    def ask(self, session: Session, values: Mapping[str, Any]) -> list[Row]:
        """Return the rows for these values of the parameters.

        Raises what SQLAlchemy raises for the errors of the driver.
        """
        if session.autoflush:
            session.flush()
        connection = session.connection()
        dialect = connection.dialect
        spelled = self._spelled.get(dialect.name)
        if spelled is None:
            spelled = self._spelled[dialect.name] = _spell(self._statement, dialect)
        return spelled.rows(connection, values)

    def named(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows as ``ask`` does, with the names of the columns."""
        names = [str(column.key) for column in self._statement.exported_columns]
        rows = self.ask(session, values)
        return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]

    def value(self, session: Session, values: Mapping[str, Any]) -> Any:
        """Return the one value that the question is about."""
        [(value,)] = self.ask(session, values)
        return value


@dataclass(frozen=True, slots=True)
class Spelled:
    """A statement in the words of one dialect, and how its values go in and come out.

    ``positions`` has the parameter of each placeholder, for drivers whose placeholders have no
    names. Values that no caller gives are ``constants``, as the driver takes them.
    """

    sql: str
    positions: tuple[str, ...] | None
    constants: Mapping[str, Any]
    binds: tuple[tuple[str, Processor], ...]
    results: tuple[tuple[int, Processor], ...]

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Row]:
        """Run the statement on the driver's own connection."""
        cursor = connection.info.get(_CURSOR) or self._open_cursor(connection)
        try:
            cursor.execute(self.sql, self.parameters(values))
            rows: list[Row] = cursor.fetchall()
        except connection.dialect.loaded_dbapi.Error as error:
            # What is left of its statement may hold locks.
            connection.info.pop(_CURSOR).close()
            raise _told(error, self.sql, connection) from error
        return [self._read(row) for row in rows] if self.results else rows

    def _open_cursor(self, connection: sa.Connection) -> Any:
        """Open the one that the connection keeps: a new one costs a quarter of a question."""
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor(binary=True) if self.positions is None else driver.cursor()
        connection.info[_CURSOR] = cursor
        return cursor

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any] | list[Any]:
        """The values as the driver takes them."""
        given = {**self.constants, **values}
        for name, process in self.binds:
            given[name] = process(given[name])
        return given if self.positions is None else [given[name] for name in self.positions]

    def _read(self, row: Row) -> Row:
        read = list(row)
        for index, process in self.results:
            read[index] = process(read[index])
        return tuple(read)


def _spell(statement: Statement, dialect: sa.Dialect) -> Spelled:
    compiled: Any = statement.compile(dialect=dialect)
    columns = ((index, each.type) for index, each in enumerate(statement.exported_columns))
    binds = {
        name: process
        for name, each in compiled.binds.items()
        if (process := each.type.dialect_impl(dialect).bind_processor(dialect))
    }
    fixed = {name: each.value for name, each in compiled.binds.items() if not each.required}
    return Spelled(
        sql=str(compiled),
        positions=tuple(compiled.positiontup) if compiled.positional else None,
        constants={
            name: binds[name](value) if name in binds else value for name, value in fixed.items()
        },
        binds=tuple((name, process) for name, process in binds.items() if name not in fixed),
        results=tuple(
            (index, process)
            for index, kind in columns
            if (process := kind.dialect_impl(dialect).result_processor(dialect, None))
        ),
    )


def _told(error: Exception, sql: str, connection: sa.Connection) -> BaseException:
    """The error as SQLAlchemy tells it; connections that can not be used again are given up."""
    dialect = connection.dialect
    driver: Any = connection.connection.dbapi_connection
    # The driver's error, as its module tells; no name of its type is common to all drivers.
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
