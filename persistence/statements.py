"""Statements that are built once and run with other values each time."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from domain.old_orders import OldOrderQuery
from domain.orders import OrderQuery

Value = TypeVar("Value")

PAGE_LIMIT = sa.bindparam("limit", type_=sa.BigInteger)
PAGE_OFFSET = sa.bindparam("offset", type_=sa.BigInteger)


def given(query: OrderQuery | OldOrderQuery) -> dict[str, Any]:
    """Return the conditions of ``query``: their names choose the statement, the values run it."""
    names = (field.name for field in fields(query) if field.name != "sort")
    return {name: value for name in names if (value := getattr(query, name))}


def among(
    session: Session, column: sa.ColumnElement[Value], values: Iterable[Value]
) -> sa.ColumnElement[bool]:
    """Whether ``column`` is one of ``values``, of which there are many.

    PostgreSQL takes them as one array: a parameter for each would be spelled out by SQLAlchemy,
    by the driver and by the database, every time anew.
    """
    wanted = list(values)
    if session.get_bind().dialect.name == "postgresql":
        return column == sa.any_(sa.literal(wanted, sa.ARRAY(column.type)))
    return column.in_(wanted)


def first(values: Sequence[Value]) -> Value | None:
    """Return the first of ``values``, if there is one."""
    return values[0] if values else None
