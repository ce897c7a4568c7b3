"""``column IN values`` with one parameter, however many values there are.

A parameter for each value would be spelled out by SQLAlchemy, by the driver and by the database,
anew for each number of them.
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


class Many(sa.types.TypeDecorator[Any]):
    """Values of one type: an array for PostgreSQL, a JSON array for SQLite."""

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
        return json.dumps([process(each) for each in value] if process else value)


class _Among(GenericFunction[bool]):
    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_Among":
        """A condition as it is: with ``= 1`` after it, SQLite would use no index."""
        return self


@compiles(_Among)
def _in_json(element: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - of SQLAlchemy's own


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"({column} = ANY ({values}))"


def in_list(column: sa.ColumnElement[Value], values: Iterable[Value]) -> sa.ColumnElement[bool]:
    """Whether ``column`` is one of ``values``."""
    return _Among(column, sa.literal(list(values), Many(column.type)))


def in_param(column: sa.ColumnElement[Value], name: str) -> sa.ColumnElement[bool]:
    """Whether ``column`` is one of the list that is bound to the parameter ``name``."""
    return _Among(column, sa.bindparam(name, type_=Many(column.type)))
