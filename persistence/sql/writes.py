"""Changes of rows that are sent together.

PostgreSQL gets them as one statement with a common table expression for each. A round trip for each
would cost both sides twice as much.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.visitors import replacement_traverse

from persistence.engine.nodes import is_distributed
from persistence.sql.bulk import OnConflict, Row, insert_rows, insertion
from persistence.sql.compiled_query import (
    CompiledQuery,
    Connected,
    DriverStatement,
    Values,
    compile_for,
)

MAX_STATEMENTS = 512

OnResult = Callable[[Any], None]
"""Called with the first value that a change returns."""

_Change = tuple[CompiledQuery, Values, OnResult | None]


class Writes:
    """Inserts and updates that are executed by ``send``.

    Within one statement they do not see each other, and have no defined order; so a second change
    of a table sends those before it. SQLite and Citus execute each change at once.
    """

    def __init__(self, work: Connected) -> None:
        self.work = work
        connection = work.connection
        # Citus sends one statement to one table.
        is_one_node = not is_distributed(connection)
        self._is_together = connection.dialect.name == "postgresql" and is_one_node
        self._changes: dict[sa.Table, _Change] = {}

    def insert(
        self, table: sa.Table, rows: Sequence[Row], on_conflict: OnConflict | None = None
    ) -> None:
        """Insert the rows as ``insert_rows`` does."""
        if rows and self._is_together:
            self._add(table, (*insertion(table, rows, on_conflict), None))
        else:
            insert_rows(self.work, table, rows, on_conflict)

    def update(
        self,
        table: sa.Table,
        query: CompiledQuery,
        values: Values,
        on_result: OnResult | None = None,
    ) -> None:
        """Update one row of ``table``; ``on_result`` gets what the statement returns."""
        self._add(table, (query, values, on_result))

    def send(self) -> None:
        """Execute all pending changes."""
        changes, self._changes = [*self._changes.values()], {}
        if len(changes) == 1:
            [(query, values, on_result)] = changes
            rows = query.rows(self.work, values)
            if on_result:
                on_result(rows[0][0])
        elif changes:
            self._send_together(changes)

    def _add(self, table: sa.Table, change: _Change) -> None:
        if table in self._changes:
            self.send()
        self._changes[table] = change
        if not self._is_together:
            self.send()

    def _send_together(self, changes: Sequence[_Change]) -> None:
        connection = self.work.connection
        statement = _together(connection.dialect, tuple(query for query, _, _ in changes))
        values = {
            f"{name}_{place}": value
            for place, (_, parameters, _) in enumerate(changes)
            for name, value in parameters.items()
        }
        [(_, *results)] = statement.rows(connection, values)
        callbacks = [callback for query, _, callback in changes if query.statement.exported_columns]
        for callback, result in zip(callbacks, results, strict=True):
            if callback:
                callback(result)


@lru_cache(MAX_STATEMENTS)
def _together(dialect: sa.Dialect, queries: Sequence[CompiledQuery]) -> DriverStatement:
    """Return one statement of all changes, which returns the first value of each."""
    changes = [_numbered(query.statement, place) for place, query in enumerate(queries)]
    answers = [sa.select(*change.c).scalar_subquery() for change in changes if [*change.c]]
    together = sa.select(sa.literal(len(queries)), *answers).add_cte(*changes)
    return compile_for(dialect, together, " + ".join(query.name for query in queries))


def _numbered(statement: Any, place: int) -> sa.CTE:
    """Return the statement as a CTE whose parameters end in ``place``."""

    def rename(element: Any, **_: Any) -> Any:
        if isinstance(element, sa.BindParameter) and element.required:
            return sa.bindparam(f"{element.key}_{place}", type_=element.type)
        return None

    numbered: sa.CTE = replacement_traverse(statement, {}, rename).cte(f"change_{place}")
    return numbered
