"""Deleting rows in batches, without waiting for other transactions."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.statements import PAGE_LIMIT


def delete_batch(
    key: Sequence[sa.Column[Any]],
    condition: sa.ColumnElement[bool],
    *shown: sa.Column[Any],
) -> CompiledQuery:
    """Return a DELETE of up to ``limit`` rows (a parameter) that meet ``condition``.

    It returns the columns ``shown``, or the key. Rows locked by another transaction are skipped.
    The rows are chosen in a common table expression, which PostgreSQL evaluates once; it may
    evaluate a subquery of IN for each row, and choose other rows each time.
    """
    chosen = sa.select(*key).where(condition).limit(PAGE_LIMIT)
    chosen_rows = chosen.with_for_update(skip_locked=True).cte("chosen")
    named = sa.tuple_(*key) if len(key) > 1 else key[0]
    removed = sa.delete(key[0].table).where(named.in_(sa.select(*chosen_rows.c)))
    return CompiledQuery(removed.returning(*(shown or key)))
