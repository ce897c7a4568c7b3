"""What a list is sorted by, and where in it somebody stands."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.cursors import SortValue, invalid_cursor


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

    def behind(
        self, value: SortValue, is_later: sa.ColumnElement[bool], *, descending: bool
    ) -> list[sa.ColumnElement[bool]]:
        """Return what stands after ``value``, or with it and later by pk.

        Raises InvalidInput for a value of another type.
        """
        column: Any = self.column
        if value is None and self.is_nullable:
            return [column.is_(None), is_later]
        if type(value) is not self.kind:
            raise invalid_cursor()
        further = column < value if descending else column > value
        # Said apart, so that an index can begin there.
        from_here = column <= value if descending else column >= value
        if self.is_nullable:
            return [
                sa.or_(from_here, column.is_(None)),
                sa.or_(further, column.is_(None), is_later),
            ]
        return [from_here, sa.or_(further, is_later)]
