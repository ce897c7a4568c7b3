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

    Rows locked by another transaction are skipped. Citus can not do so on several nodes; there all
    rows that meet the condition are deleted.
    """

    def __init__(
        self,
        key: Sequence[sa.Column[Any]],
        condition: sa.ColumnElement[bool],
        *shown: sa.Column[Any],
    ) -> None:
        table: Any = key[0].table
        removed = sa.delete(table).returning(*(shown or key))
        # In a common table expression, which PostgreSQL evaluates once; it may evaluate a subquery
        # of IN for each row, and choose other rows each time.
        chosen = sa.select(*key).where(condition).limit(PAGE_LIMIT)
        chosen_rows = chosen.with_for_update(skip_locked=True).cte("chosen")
        named = sa.tuple_(*key) if len(key) > 1 else key[0]
        binds = (part for part in iterate(condition) if isinstance(part, sa.BindParameter))
        parameters = ", ".join(sorted({bind.key for bind in binds}))
        rows = f"({table.name}, {parameters})"
        batch = removed.where(named.in_(sa.select(*chosen_rows.c)))
        self.batch = CompiledQuery(batch, f"expired_rows.batch{rows}")
        self.all = CompiledQuery(removed.where(condition), f"expired_rows.on_all_nodes{rows}")
        self._is_on_several_nodes = distribution_column(table) is not None

    def rows(self, work: Connected, values: Values) -> list[Row]:
        """Run it; return the columns ``shown`` of the deleted rows, or their key."""
        if self._is_on_several_nodes and is_distributed(work.connection):
            return self.all.rows(work, values)
        return self.batch.rows(work, values)


def delete_batch(
    key: Sequence[sa.Column[Any]],
    condition: sa.ColumnElement[bool],
    *shown: sa.Column[Any],
) -> BatchDelete:
    """Return a DELETE of up to ``limit`` rows that meet ``condition``."""
    return BatchDelete(key, condition, *shown)
