"""The look-up of the caller and the first read of the caller's rows, as one statement.

A request needs its caller first, and then rows of that caller. To know the second statement early,
the read runs once for a stand-in, on a unit of work that records its first statement instead of
running it. The look-up of the caller then selects those rows as well, with the caller's key in
place of the stand-in's. The read runs again for the caller, and gets the rows if its first
statement is the same with the caller's key. Any other statement runs as usual.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.visitors import replacement_traverse

from persistence.sql.compiled_query import CompiledQuery, Row, Values
from persistence.sql.statements import first
from persistence.sql.work import Prefetch, Work

# The same as the statements of sellers' lists.
MAX_STATEMENTS = 256
_UNCONVERTED = sa.types.NullType()


class FirstStatement(Exception):
    """A read has reached its first statement, which was recorded and not run."""


class RecordingWork(Work):
    """A unit of work without a connection; its first statement is recorded and ends the read."""

    @property
    def connection(self) -> sa.Connection:
        raise FirstStatement

    def take_prefetched(self, query: CompiledQuery, values: Values) -> list[Row] | None:
        self.prefetch = Prefetch(query, values)
        raise FirstStatement


def first_statement(work: RecordingWork, read: Callable[[], object]) -> Prefetch | None:
    """Run ``read``, which uses ``work``; return its first statement, or None."""
    try:
        read()
    except FirstStatement:
        return work.prefetch
    return None


@dataclass(frozen=True, eq=False)
class OwnerQuery:
    """A statement that selects the owner of a credential.

    ``key`` is the column with the owner's key; statements for the owner's rows have a parameter of
    that name. ``credential`` is the condition for the credential's row.
    """

    statement: sa.Select[Any]
    key: sa.Column[Any]
    credential: sa.ColumnElement[bool]

    def row(self, work: Work, values: Values, known_key: int | None = None) -> Row | None:
        """Return the owner's row or None; ``work`` gets the prefetched rows.

        ``known_key`` is the owner's key, if the credential has it: another owner's row is not
        returned, and all tables are searched by it.
        """
        prefetch, name, is_known = work.prefetch, self.key.name, known_key is not None
        if is_known:
            values = {**values, name: known_key}
        if prefetch is None or name not in prefetch.values:
            return first((self._known_only if is_known else self._owner_only).rows(work, values))
        together = _together_by_key if is_known else _together
        rows = together(self, prefetch.query).rows(work, {**prefetch.values, **values})
        size = len(self._names)
        # The first column of the prefetched rows is a key, and NULL only in the owner's row.
        owners = [row[:size] for row in rows if row[size] is None]
        if not owners:
            return None
        owner = self._owner_only.compiled(work.connection.dialect).read(owners[0])
        key = owner[self._names.index(name)]
        prefetched = [row[size:] for row in rows if row[size] is not None]
        work.offer_prefetched(Prefetch(prefetch.query, {**prefetch.values, name: key}), prefetched)
        return owner

    @cached_property
    def _owner_only(self) -> CompiledQuery:
        return CompiledQuery(self.statement)

    @cached_property
    def known(self) -> sa.Select[Any]:
        """The statement with a condition for the key, a parameter of its name."""
        return self.statement.where(self.key == sa.bindparam(self.key.name, type_=self.key.type))

    @cached_property
    def _known_only(self) -> CompiledQuery:
        return CompiledQuery(self.known)

    @cached_property
    def _names(self) -> list[str]:
        return self.statement.selected_columns.keys()


@lru_cache(MAX_STATEMENTS)
def _together(owner: OwnerQuery, query: CompiledQuery) -> CompiledQuery:
    """Return the statement of both, with a subquery for the key in ``query``."""
    key = sa.select(owner.key).where(owner.credential).correlate(None).scalar_subquery()

    def replace_key(element: Any, **_: Any) -> Any:
        is_key = isinstance(element, sa.BindParameter) and element.key == owner.key.name
        return key if is_key else None

    read: Any = query.statement
    return _union(owner.statement, replacement_traverse(read, {}, replace_key))


@lru_cache(MAX_STATEMENTS)
def _together_by_key(owner: OwnerQuery, query: CompiledQuery) -> CompiledQuery:
    """Return the statement of both, with the same parameter for the key in both parts.

    Without a valid credential there is no owner's row, and the others are not used.
    """
    return _union(owner.known, query.statement)


def _union(owner: sa.Select[Any], read: Any) -> CompiledQuery:
    """Return the UNION ALL of the owner's row and the rows of ``read``, in separate columns.

    The owner's columns are not converted here, since the other rows have NULL there. Both databases
    keep the order of rows within each part of a UNION ALL.
    """
    owners, rows = owner.subquery("owners"), read.subquery("rows")
    return CompiledQuery(
        sa.union_all(
            sa.select(
                *(sa.type_coerce(column, _UNCONVERTED) for column in owners.c),
                *map(_null, rows.c),
            ),
            sa.select(*map(_null, owners.c), *rows.c),
        )
    )


def _null(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return NULL with the type of a column."""
    return sa.type_coerce(sa.null(), column.type)
