"""Two questions in one statement: whose a credential is, and what its owner asks for.

A request asks first who sends it, and then for rows of theirs. A rehearsal finds out the second
statement: the read runs with a stand-in for its caller until it asks for something. The look-up of
the owner brings the rows along, with the owner's key in place of the stand-in's. Then the read runs
for the caller who was found, and gets these rows if it asks for the same with that caller's key;
what it asks for otherwise is a statement of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.visitors import replacement_traverse

from persistence.sql.compiled_query import CompiledQuery, Row, Values
from persistence.sql.statements import first
from persistence.sql.work import Foreseen, Work

# As many as sellers' lists have, for each of their statements can be brought along.
MAX_STATEMENTS = 256
_AS_IT_COMES = sa.types.NullType()


class Rehearsed(Exception):
    """A rehearsal has come to its first statement, which is not run."""


class RehearsedWork(Work):
    """A unit of work for rehearsals: it has no connection, and ends at its first statement."""

    @property
    def connection(self) -> sa.Connection:
        raise Rehearsed

    def brought_along(self, query: CompiledQuery, values: Values) -> list[Row] | None:
        self.foreseen = Foreseen(query, values)
        raise Rehearsed


def rehearse(work: RehearsedWork, read: Callable[[], object]) -> Foreseen | None:
    """Run ``read``, which works on ``work``; return its first statement, if it comes to one."""
    try:
        read()
    except Rehearsed:
        return work.foreseen
    return None


@dataclass(frozen=True, eq=False)
class OwnerQuery:
    """A statement that finds the one owner of a credential.

    ``key`` is the column of its table that has the owner's key. Statements about rows of theirs
    have that key as the parameter of the column's name. ``credential`` is the condition for the
    row of the table.
    """

    statement: sa.Select[Any]
    key: sa.Column[Any]
    credential: sa.ColumnElement[bool]

    def row(self, work: Work, values: Values) -> Row | None:
        """Return the owner's row; what was foreseen of theirs comes along, for ``work`` to have."""
        foreseen, name = work.foreseen, self.key.name
        if foreseen is None or name not in foreseen.values:
            return first(self._alone.rows(work, values))
        rows = _together(self, foreseen.query).rows(work, {**foreseen.values, **values})
        size = len(self._names)
        # The owner's row comes first, and has no other columns; the first of those is a key.
        if not rows or rows[0][size] is not None:
            return None
        owner = self._alone.compiled(work.connection.dialect).read(rows[0][:size])
        key = owner[self._names.index(name)]
        found = [row[size:] for row in rows[1:]]
        work.bring_along(Foreseen(foreseen.query, {**foreseen.values, name: key}), found)
        return owner

    @cached_property
    def _alone(self) -> CompiledQuery:
        return CompiledQuery(self.statement)

    @cached_property
    def _names(self) -> list[str]:
        return self.statement.selected_columns.keys()


@lru_cache(MAX_STATEMENTS)
def _together(owner: OwnerQuery, query: CompiledQuery) -> CompiledQuery:
    """Ask for the owner's row, and after it for those of ``query``, each in columns of its own.

    The owner's are as the driver has them, so that rows without values need no conversion.
    Both databases run one part of a UNION ALL after the other, and keep the order of a part.
    """
    key = sa.select(owner.key).where(owner.credential).correlate(None).scalar_subquery()

    def replaced(element: Any, **_: Any) -> Any:
        is_key = isinstance(element, sa.BindParameter) and element.key == owner.key.name
        return key if is_key else None

    asked: Any = query.statement
    statement: Any = replacement_traverse(asked, {}, replaced)
    whose, found = owner.statement.subquery("whose"), statement.subquery("found")
    return CompiledQuery(
        sa.union_all(
            sa.select(
                *(sa.type_coerce(each, _AS_IT_COMES) for each in whose.c), *map(_nothing, found.c)
            ),
            sa.select(*map(_nothing, whose.c), *found.c),
        )
    )


def _nothing(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """NULL in the place of a column."""
    return sa.type_coerce(sa.null(), column.type)
