"""Primary keys allocated before INSERT, so that no INSERT depends on another."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from persistence.sql.compiled_query import CompiledQuery, Connected

_SEQUENCES = (
    sa.func.unnest(sa.bindparam("sequences", type_=postgresql.ARRAY(sa.Text)))
    .table_valued("name", with_ordinality="place")
    .render_derived()
)
_NEXT = CompiledQuery(
    sa.select(
        sa.func.nextval(sa.cast(_SEQUENCES.c.name, postgresql.REGCLASS), type_=sa.BigInteger)
    ).order_by(_SEQUENCES.c.place)
)


def next_pks(work: Connected, tables: Sequence[sa.Table]) -> list[int]:
    """Return a new pk for each of ``tables``, which may contain a table several times.

    PostgreSQL takes them from its sequences. SQLite, with one writer at a time, continues after the
    highest pk, as it would itself.
    """
    if work.connection.dialect.name == "postgresql":
        names = [f"{table.name}_pk_seq" for table in tables]
        return [pk for (pk,) in _NEXT.rows(work, {"sequences": names})]
    numbers = {table: _after_highest(work, table) for table in Counter(tables)}
    return [next(numbers[table]) for table in tables]


def _after_highest(work: Connected, table: sa.Table) -> Iterator[int]:
    pk: Any = _highest(table).scalar(work, {})
    while True:
        pk += 1
        yield pk


@cache
def _highest(table: sa.Table) -> CompiledQuery:
    return CompiledQuery(sa.select(sa.func.coalesce(sa.func.max(table.c.pk), 0)))
