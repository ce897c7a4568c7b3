"""What a list is sorted by, and where in it somebody stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.shared.cursors import SortValue
from persistence.sql.columns import UtcDateTime


@dataclass(frozen=True, slots=True)
class Sorting:
    """A column or an expression; ``kind`` is the Python type of its values."""

    column: sa.ColumnElement[Any]
    kind: type
    is_nullable: bool = False

    def order(self, *, descending: bool) -> sa.ColumnElement[Any]:
        """Return the order of rows; those without a value come last."""
        direction = self.column.desc() if descending else self.column.asc()
        # Where there is no NULL, saying where it goes would keep PostgreSQL from using the index.
        return direction.nulls_last() if self.is_nullable else direction

    def accepts(self, value: SortValue) -> bool:
        """Say whether a row can have this value."""
        return self.is_nullable if value is None else type(value) is self.kind

    def behind(
        self,
        value: sa.BindParameter[Any] | None,
        is_later: sa.ColumnElement[bool],
        *,
        descending: bool,
    ) -> list[sa.ColumnElement[bool]]:
        """Return what stands after ``value`` (None: after no value), or with it and later by pk."""
        column: Any = self.column
        if value is None:
            return [column.is_(None), is_later]
        further = column < value if descending else column > value
        # Said apart, so that an index can begin there.
        from_here = column <= value if descending else column >= value
        if self.is_nullable:
            return [
                sa.or_(from_here, column.is_(None)),
                sa.or_(further, column.is_(None), is_later),
            ]
        return [from_here, sa.or_(further, is_later)]

    def parameter(self, name: str) -> sa.BindParameter[Any]:
        """Return a parameter for a value that is compared to the column."""
        return sa.bindparam(name, type_=_TYPES[self.kind])


# A number of any size is compared to a column of small ones.
_TYPES: Mapping[type, Any] = {int: sa.BigInteger, str: sa.Text, datetime: UtcDateTime}
