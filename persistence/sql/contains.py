"""Looking for a part of a text, the same on both databases."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class Position(GenericFunction[int]):
    """Where the second text begins within the first, from 1; 0 if it is not in it.

    Letter case counts and no character is special. LIKE would differ in both between SQLite and
    PostgreSQL.
    """

    type = sa.Integer()
    inherit_cache = True


@compiles(Position)
def _instr(element: Position, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kwargs)})"


@compiles(Position, "postgresql")
def _strpos(element: Position, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kwargs)})"


def contains(column: sa.ColumnElement[str], part: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether ``part`` is in ``column``, taken literally."""
    return Position(column, part) > 0
