"""Deleting rows in batches, without waiting for other transactions."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.visitors import iterate

from persistence.engine.nodes import is_distributed
from persistence.sql.compiled_query import CompiledQuery, Connected, Row, Values
from persistence.sql.distributed_tables import distribution_column
from persistence.sql.statements import PAGE_LIMIT


class BatchDelete:
    """A DELETE of up to ``limit`` rows (a parameter) that meet ``condition``.

    Rows locked by another transaction are skipped. Citus can not do so on several nodes; there the
    statement waits for them, as long as any statement waits for a lock.
    """

    def __init__(
        self,
        key: Sequence[sa.Column[Any]],
        condition: sa.ColumnElement[bool],
        *shown: sa.Column[Any],
    ) -> None:
        table: Any = key[0].table
        # In a common table expression, which PostgreSQL evaluates once; it may evaluate a subquery
        # of IN for each row, and choose other rows each time.
        # PostgreSQL evaluates one of a SELECT without locks once only if it is materialized.
        chosen = sa.select(*key).where(condition).limit(PAGE_LIMIT)
        unlocked = chosen.with_for_update(skip_locked=True).cte("chosen")
        chosen_on_nodes = chosen.cte("chosen").prefix_with("MATERIALIZED")
        binds = (part for part in iterate(condition) if isinstance(part, sa.BindParameter))
        parameters = ", ".join(sorted({bind.key for bind in binds}))
        rows = f"({table.name}, {parameters})"
        named = sa.tuple_(*key) if len(key) > 1 else key[0]
        removed = sa.delete(table).returning(*(shown or key))
        self.on_one_node = CompiledQuery(
            removed.where(named.in_(sa.select(*unlocked.c))), f"expired_rows.batch{rows}"
        )
        # With the condition again: a row may have changed while the statement waited for its lock.
        self.on_all_nodes = CompiledQuery(
            removed.where(named.in_(sa.select(*chosen_on_nodes.c)), condition),
            f"expired_rows.on_all_nodes{rows}",
        )
        self._is_on_several_nodes = distribution_column(table) is not None

    def rows(self, work: Connected, values: Values) -> list[Row]:
        """Run it; return the columns ``shown`` of the deleted rows, or their key."""
        if self._is_on_several_nodes and is_distributed(work.connection):
            return self.on_all_nodes.rows(work, values)
        return self.on_one_node.rows(work, values)


def delete_batch(
    key: Sequence[sa.Column[Any]],
    condition: sa.ColumnElement[bool],
    *shown: sa.Column[Any],
) -> BatchDelete:
    """Return a DELETE of up to ``limit`` rows that meet ``condition``."""
    return BatchDelete(key, condition, *shown)
