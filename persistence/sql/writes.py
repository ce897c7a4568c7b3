"""Changes of rows that are sent together.

To PostgreSQL all of them go as one statement, in which each is a common table expression. A round
trip for each would cost both sides twice as much.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.visitors import replacement_traverse

from persistence.sql.bulk import OnConflict, Row, insert_rows, insertion
from persistence.sql.compiled_query import (
    CompiledQuery,
    Connected,
    DriverStatement,
    Values,
    compile_for,
)

MAX_STATEMENTS = 512

Take = Callable[[Any], None]
"""Gets the first value that a change returns."""

_Change = tuple[CompiledQuery, Values, Take | None]


class Writes:
    """Inserts and updates that wait for ``send``.

    None of them sees what another one does, and their order is the database's: so a table that
    comes again begins another statement. SQLite gets each at once.
    """

    def __init__(self, work: Connected) -> None:
        self.work = work
        self._is_postgresql = work.connection.dialect.name == "postgresql"
        self._changes: dict[sa.Table, _Change] = {}

    def insert(
        self, table: sa.Table, rows: Sequence[Row], on_conflict: OnConflict | None = None
    ) -> None:
        """Insert the rows as ``insert_rows`` does."""
        if rows and self._is_postgresql:
            self._add(table, (*insertion(table, rows, on_conflict), None))
        else:
            insert_rows(self.work, table, rows, on_conflict)

    def update(
        self, table: sa.Table, query: CompiledQuery, values: Values, take: Take | None = None
    ) -> None:
        """Update one row of ``table``; ``take`` gets what the statement returns when it is sent."""
        self._add(table, (query, values, take))

    def send(self) -> None:
        """Have everything done that waits."""
        changes, self._changes = [*self._changes.values()], {}
        if len(changes) == 1:
            [(query, values, take)] = changes
            rows = query.rows(self.work, values)
            if take:
                take(rows[0][0])
        elif changes:
            self._send_together(changes)

    def _add(self, table: sa.Table, change: _Change) -> None:
        if table in self._changes:
            self.send()
        self._changes[table] = change
        if not self._is_postgresql:
            self.send()

    def _send_together(self, changes: Sequence[_Change]) -> None:
        connection = self.work.connection
        statement = _together(connection.dialect, tuple(query for query, _, _ in changes))
        values = {
            f"{name}_{place}": value
            for place, (_, given, _) in enumerate(changes)
            for name, value in given.items()
        }
        [(_, *answers)] = statement.rows(connection, values)
        takes = [take for query, _, take in changes if query.statement.exported_columns]
        for take, answer in zip(takes, answers, strict=True):
            if take:
                take(answer)


@lru_cache(MAX_STATEMENTS)
def _together(dialect: sa.Dialect, queries: Sequence[CompiledQuery]) -> DriverStatement:
    """Return one statement that does all of these, and returns what each of them returns first."""
    changes = [_numbered(query.statement, place) for place, query in enumerate(queries)]
    answers = [sa.select(*change.c).scalar_subquery() for change in changes if [*change.c]]
    return compile_for(dialect, sa.select(sa.literal(len(queries)), *answers).add_cte(*changes))


def _numbered(statement: Any, place: int) -> sa.CTE:
    """Return the statement as a part of another one, its parameters with its number."""

    def rename(element: Any, **_: Any) -> Any:
        if isinstance(element, sa.BindParameter) and element.required:
            return sa.bindparam(f"{element.key}_{place}", type_=element.type)
        return None

    numbered: sa.CTE = replacement_traverse(statement, {}, rename).cte(f"change_{place}")
    return numbered
