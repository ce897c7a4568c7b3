"""``column IN values`` with one parameter for any number of values.

With a parameter for each value, SQLAlchemy, the driver and the database would have to process
another statement for every number of values.
"""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

Value = TypeVar("Value")


class ListOf(sa.types.TypeDecorator[Any]):
    """A list of values of one type: an array for PostgreSQL, a JSON array for SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item_type: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.item_type = item_type

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        kind = sa.ARRAY(self.item_type) if dialect.name == "postgresql" else sa.Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        if dialect.name == "postgresql" or value is None:
            return value
        process = self.item_type.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([process(item) for item in value] if process else value)


class _InList(GenericFunction[bool]):
    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_InList":
        """Return the condition unchanged: SQLite uses no index for it with ``= 1`` after it."""
        return self


@compiles(_InList)
def _in_json(element: _InList, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - of SQLAlchemy's own


@compiles(_InList, "postgresql")
def _in_array(element: _InList, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({column} = ANY ({values}))"


def in_list(column: sa.ColumnElement[Value], values: Iterable[Value]) -> sa.ColumnElement[bool]:
    """Whether ``column`` is one of ``values``."""
    return _InList(column, sa.literal(list(values), ListOf(column.type)))


def in_param(column: sa.ColumnElement[Value], name: str) -> sa.ColumnElement[bool]:
    """Whether ``column`` is one of the values bound to the parameter ``name``."""
    return _InList(column, sa.bindparam(name, type_=ListOf(column.type)))
