"""The look-up of the caller and the first read of the caller's rows, as one statement.

A request needs its caller first, and then rows of that caller. To know the second statement early,
the read runs once for a stand-in, on a unit of work that records its first statement instead of
running it. The look-up of the caller then selects those rows as well, with the caller's key in
place of the stand-in's. The read runs again for the caller, and gets the rows if its first
statement is the same with the caller's key. Any other statement runs as usual.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.visitors import replacement_traverse

from persistence.engine.positions import STANDBY_COLUMNS, StandbyState
from persistence.sql.compiled_query import CompiledQuery, Row, Values
from persistence.sql.standby_work import StandbyQuery, StandbyWork
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

    @property
    def is_distributed(self) -> bool:
        """Statements are recorded for one node; a distributed database runs others if need be."""
        return False

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
        returned, and all tables are searched by it. A standby that has no such row may only be
        behind, so the primary is read then.
        """
        is_known = known_key is not None
        if is_known:
            values = {**values, self.key.name: known_key}
        prefetch = work.prefetch
        if prefetch is not None and self.key.name not in prefetch.values:
            prefetch = None
        if prefetch is not None and not is_known and work.is_distributed:
            # Citus finds the node of the rows by the value of the key, not by a subquery for it.
            prefetch = None
        if isinstance(work, StandbyWork):
            owner = self._row_on_standby(work, prefetch, values, is_known)
            if owner is not None:
                return owner
        if prefetch is None:
            return first((self._known_only if is_known else self._owner_only).rows(work, values))
        query = _together(self, prefetch.query, is_known)
        rows = query.rows(work, {**prefetch.values, **values})
        owner = _owner(rows, self._size)
        return None if owner is None else self._offer(work, prefetch, owner, rows, self._size)

    def _row_on_standby(
        self, work: StandbyWork, prefetch: Prefetch | None, values: Values, is_known: bool
    ) -> Row | None:
        if prefetch is None:
            query = self._known_with_state if is_known else self._with_state
        else:
            query = _on_standby(self, prefetch.query, is_known)
            values = {**prefetch.values, **values}
        size = self._size + len(STANDBY_COLUMNS)
        while work.is_on_standby():
            rows = query.rows(work, values)
            if not work.is_on_standby():  # the standby has failed
                return None
            owner = first(rows) if prefetch is None else _owner(rows, size)
            if owner is None:
                work.leave_standby()
            elif work.accepts(StandbyState(*owner[self._size :])):
                owner = owner[: self._size]
                if prefetch is None:
                    return owner
                return self._offer(work, prefetch, owner, rows, size)
        return None

    def _offer(
        self, work: Work, prefetch: Prefetch, owner: Row, rows: Sequence[Row], size: int
    ) -> Row:
        """Offer the prefetched rows, after the first ``size`` columns, to ``work``.

        Returns the owner's row with converted values.
        """
        owner = self._owner_only.compiled(work.connection.dialect).read(owner)
        name = self.key.name
        values = {**prefetch.values, name: owner[self._names.index(name)]}
        prefetched = [row[size:] for row in rows if row[size] is not None]
        work.offer_prefetched(Prefetch(prefetch.query, values), prefetched)
        return owner

    @property
    def name(self) -> str:
        """The name of the statement."""
        return self.name_of(is_known=False)

    def name_of(self, is_known: bool) -> str:
        """The name of the statement, without the owner's key or with it."""
        return f"{self.key.table.name}.{'known owner' if is_known else 'owner'}"

    @cached_property
    def _owner_only(self) -> CompiledQuery:
        return CompiledQuery(self.statement, self.name)

    @cached_property
    def known(self) -> sa.Select[Any]:
        """The statement with a condition for the key, a parameter of its name."""
        return self.statement.where(self.key == sa.bindparam(self.key.name, type_=self.key.type))

    @cached_property
    def _known_only(self) -> CompiledQuery:
        return CompiledQuery(self.known, self.name_of(is_known=True))

    @cached_property
    def _with_state(self) -> StandbyQuery:
        statement = self.statement.add_columns(*STANDBY_COLUMNS)
        return StandbyQuery(statement, f"{self.name} on a standby")

    @cached_property
    def _known_with_state(self) -> StandbyQuery:
        statement = self.known.add_columns(*STANDBY_COLUMNS)
        return StandbyQuery(statement, f"{self.name_of(is_known=True)} on a standby")

    @cached_property
    def _names(self) -> list[str]:
        return self.statement.selected_columns.keys()

    @cached_property
    def _size(self) -> int:
        return len(self._names)


def _owner(rows: Sequence[Row], size: int) -> Row | None:
    """Return the first ``size`` values of the owner's row.

    The first column of the prefetched rows is a key, and NULL only in the owner's row.
    """
    return first([row[:size] for row in rows if row[size] is None])


@lru_cache(MAX_STATEMENTS)
def _together(owner: OwnerQuery, query: CompiledQuery, is_known: bool = False) -> CompiledQuery:
    name = f"{owner.name_of(is_known)} with {query.name}"
    return CompiledQuery(_union(owner, query, (), is_known=is_known), name)


@lru_cache(MAX_STATEMENTS)
def _on_standby(owner: OwnerQuery, query: CompiledQuery, is_known: bool = False) -> StandbyQuery:
    name = f"{owner.name_of(is_known)} with {query.name} on a standby"
    return StandbyQuery(_union(owner, query, STANDBY_COLUMNS, is_known=is_known), name)


def _union(
    owner: OwnerQuery,
    query: CompiledQuery,
    state: Sequence[sa.ColumnElement[Any]],
    *,
    is_known: bool,
) -> sa.CompoundSelect[Any]:
    """Return the UNION ALL of the owner's row and the rows of ``query``, in separate columns.

    The owner's row has the columns ``state`` as well. The owner's columns are not converted here,
    since the other rows have NULL there. Both databases keep the order of rows within each part of
    a UNION ALL. ``is_known``: both parts have the owner's key as the same parameter; without a
    valid credential there is no owner's row, and the others are not used.
    """
    if is_known:
        owners, rows = owner.known.subquery("owners"), _subquery(query.statement)
    else:
        owners, rows = owner.statement.subquery("owners"), _subquery(_with_key(owner, query))
    return sa.union_all(
        sa.select(
            *(sa.type_coerce(column, _UNCONVERTED) for column in owners.c),
            *state,
            *map(_null, rows.c),
        ),
        sa.select(*map(_null, owners.c), *map(_null, state), *rows.c),
    )


def _subquery(statement: Any) -> sa.Subquery:
    rows: sa.Subquery = statement.subquery("rows")
    return rows


def _with_key(owner: OwnerQuery, query: CompiledQuery) -> Any:
    """Return the statement with a subquery for the owner's key in place of the parameter."""
    key = sa.select(owner.key).where(owner.credential).correlate(None).scalar_subquery()

    def replace_key(element: Any, **_: Any) -> Any:
        is_key = isinstance(element, sa.BindParameter) and element.key == owner.key.name
        return key if is_key else None

    read: Any = query.statement
    return replacement_traverse(read, {}, replace_key)


def _null(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return NULL with the type of a column."""
    return sa.type_coerce(sa.null(), column.type)
