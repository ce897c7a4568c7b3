"""Deleting some rows at a time, without waiting for other transactions."""

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
    """Return the DELETE of rows that fit ``condition``, at most as many as its parameter ``limit``.

    It returns ``shown`` of the rows, or the key. Rows that another transaction has locked are left
    out. The rows are chosen in a common table expression, which PostgreSQL evaluates once: a
    subquery of IN it may evaluate again for each row, and each time choose others.
    """
    chosen = sa.select(*key).where(condition).limit(PAGE_LIMIT)
    chosen_rows = chosen.with_for_update(skip_locked=True).cte("chosen")
    named = sa.tuple_(*key) if len(key) > 1 else key[0]
    removed = sa.delete(key[0].table).where(named.in_(sa.select(*chosen_rows.c)))
    return CompiledQuery(removed.returning(*(shown or key)))
