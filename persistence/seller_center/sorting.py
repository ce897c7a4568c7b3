"""Sorting of lists, and conditions for the rows after a cursor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.shared.cursors import SortValue
from persistence.sql.columns import UtcDateTime


@dataclass(frozen=True, slots=True)
class Sorting:
    """A column or an expression to sort by; ``kind`` is the Python type of its values."""

    column: sa.ColumnElement[Any]
    kind: type
    is_nullable: bool = False

    def order(self, *, descending: bool) -> sa.ColumnElement[Any]:
        """Return the ORDER BY expression; rows without a value come last."""
        direction = self.column.desc() if descending else self.column.asc()
        # Without NULLs, NULLS LAST would only keep PostgreSQL from using the index.
        return direction.nulls_last() if self.is_nullable else direction

    def accepts(self, value: SortValue) -> bool:
        """Return whether a row can have this value."""
        return self.is_nullable if value is None else type(value) is self.kind

    def after(
        self,
        value: sa.BindParameter[Any] | None,
        is_later: sa.ColumnElement[bool],
        *,
        descending: bool,
    ) -> list[sa.ColumnElement[bool]]:
        """Return the conditions for rows after ``value`` (None: NULL), or equal to it and later."""
        column: Any = self.column
        if value is None:
            return [column.is_(None), is_later]
        beyond = column < value if descending else column > value
        # A separate condition, so that an index scan can start there.
        from_here = column <= value if descending else column >= value
        if self.is_nullable:
            return [
                sa.or_(from_here, column.is_(None)),
                sa.or_(beyond, column.is_(None), is_later),
            ]
        return [from_here, sa.or_(beyond, is_later)]

    def parameter(self, name: str) -> sa.BindParameter[Any]:
        """Return a parameter for a value to compare to the column."""
        return sa.bindparam(name, type_=_TYPES[self.kind])


# BigInteger, since the value of a cursor may exceed the type of the column.
_TYPES: Mapping[type, Any] = {int: sa.BigInteger, str: sa.Text, datetime: UtcDateTime}
