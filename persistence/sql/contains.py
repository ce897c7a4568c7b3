"""Substring search with the same result on both databases."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class Position(GenericFunction[int]):
    """The position of the second text in the first, from 1; 0 if it does not occur.

    Case-sensitive, without wildcards; LIKE of SQLite and PostgreSQL differ in both.
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
    """Whether ``column`` contains ``part`` literally."""
    return Position(column, part) > 0
