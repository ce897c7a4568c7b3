"""Each statement gives the same result by the driver and by SQLAlchemy."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.sql.visitors import replacement_traverse

from persistence import idempotency
from persistence.engine.engines import Engines
from persistence.sql import keys, standby_work
from persistence.sql.compiled_query import CompiledQuery
from tests.support import citus
from tests.support.bound_values import as_json, bound_values, stored_rows
from tests.support.every_statement import (
    every_statement,
    filled_tables,
    is_only_for_citus,
    is_only_for_one_node,
    is_only_for_postgresql,
    ours,
)

PREFIX = "given_"
NOT_COMPARED: dict[int, str] = {
    id(keys._NEXT): "a sequence gives each number once; test_keys.py has it",  # noqa: SLF001
    id(standby_work._AFTER_CHANGES): "the numbers of transactions; test_standbys.py has it",  # noqa: SLF001
}
ONLY_POSTGRESQL: dict[int, str] = {
    id(query): "SQLite has one writer, and waits as long as its connection says"
    for query in (idempotency._SET_TIMEOUT, idempotency._RESET_TIMEOUT)  # noqa: SLF001
}
"""The statements that are not compared, with reasons; those of tests use other tables."""


class Comparison:
    """Runs one statement by the driver and by SQLAlchemy, and rolls it back."""

    def __init__(self, connection: sa.Connection, query: CompiledQuery) -> None:
        self.connection = connection
        self.query = query
        self.statement: Any = query.statement
        self.is_postgresql = connection.dialect.name == "postgresql"
        self.by_driver = self._answer(self._run_by_driver)
        self.by_sqlalchemy = self._answer(self._run_by_sqlalchemy)

    def _answer(self, run: Callable[[Any], Any]) -> Any:
        with self.connection.begin() as transaction:
            values = self._values()
            answer = _with_types(run(values)), self._left()
            transaction.rollback()
        return answer

    def _values(self) -> Any:
        """Return stored values; before a plain INSERT, delete the rows that would conflict."""
        if not isinstance(self.statement, sa.Insert) or self.statement.exported_columns:
            return bound_values(self.connection, self.statement)
        table: Any = self.statement.table
        rows = stored_rows(self.connection, self.statement)
        assert rows, f"nothing is stored in {table}"
        if self.statement._post_values_clause is None:  # noqa: SLF001
            self.connection.exec_driver_sql(
                "SET LOCAL session_replication_role = replica"
                if self.is_postgresql
                else "PRAGMA defer_foreign_keys = ON"
            )
            self.connection.execute(sa.delete(table))
        return {"rows": as_json(table, rows)} if is_only_for_postgresql(self.query) else rows

    def _run_by_driver(self, values: Any) -> Any:
        compiled = self.query.compiled(self.connection.dialect)
        if compiled.returns_rows:
            return compiled.rows(self.connection, values)
        if isinstance(values, list):
            return compiled.change_many(self.connection, values)
        return compiled.change(self.connection, values)

    def _run_by_sqlalchemy(self, values: Any) -> Any:
        options = {"preserve_rowcount": True}
        statement = self.statement
        if isinstance(statement, sa.Update | sa.Delete):
            # SQLAlchemy uses the names of columns for the parameters of new values.
            statement = replacement_traverse(statement, {}, _with_prefix)
            values = {f"{PREFIX}{name}": value for name, value in values.items()}
        result = self.connection.execute(statement, values, execution_options=options)
        # SQLAlchemy lets an INSERT of one row return its pk.
        returns_rows = bool(statement.exported_columns)
        return list(map(tuple, result)) if returns_rows else result.rowcount

    def _left(self) -> Any:
        """Return the rows of the table after a change."""
        if not isinstance(self.statement, sa.UpdateBase):
            return None
        is_insert = isinstance(self.statement, sa.Insert)
        # Each INSERT without pks gets new ones from the sequence.
        columns = [c for c in self.statement.table.c if not (is_insert and c.name == "pk")]
        rows = self.connection.execute(sa.select(*columns))
        return _with_types(list(map(tuple, rows)))


def _with_prefix(element: Any, **_: Any) -> Any:
    if isinstance(element, sa.BindParameter) and element.required:
        return sa.bindparam(f"{PREFIX}{element.key}", type_=element.type)
    return None


def _with_types(answer: Any) -> Any:
    if not isinstance(answer, list):
        return answer
    return sorted(repr([(type(value), value) for value in row]) for row in answer)


@pytest.mark.usefixtures("filled")
def test_all_statements_return_what_sqlalchemy_returns(engines: Engines) -> None:
    dialect, is_distributed = engines.writing.dialect.name, bool(citus.COORDINATOR)
    is_sqlite = dialect == "sqlite"
    left_out = NOT_COMPARED | (ONLY_POSTGRESQL if is_sqlite else {})
    is_elsewhere = is_only_for_one_node if is_distributed else is_only_for_citus
    tables = filled_tables(engines)
    queries = [
        query
        for query in ours(every_statement(dialect, tables, is_distributed=is_distributed))
        if id(query) not in left_out
        and not (is_sqlite and is_only_for_postgresql(query))
        and not is_elsewhere(query)
    ]
    with engines.writing.connect() as connection:
        compared = [Comparison(connection, query) for query in queries]

    differing = [
        comparison for comparison in compared if comparison.by_driver != comparison.by_sqlalchemy
    ]
    assert [
        (str(comparison.statement), comparison.by_driver, comparison.by_sqlalchemy)
        for comparison in differing
    ] == []
    # Most comparisons must have rows.
    with_rows = [comparison for comparison in compared if comparison.by_driver[0]]
    assert len(with_rows) > 0.75 * len(compared) > 500
