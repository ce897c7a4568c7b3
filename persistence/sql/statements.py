"""Statements that are built once and run with other values each time."""

from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from domain.orders.old_orders import OldOrderQuery
from domain.orders.orders import OrderQuery
from domain.shared.identifiers import MAX_PK
from domain.shared.paging import PageRequest

Value = TypeVar("Value")

PAGE_LIMIT = sa.bindparam("limit", type_=sa.BigInteger)
PAGE_OFFSET = sa.bindparam("offset", type_=sa.BigInteger)


def active_filters(query: OrderQuery | OldOrderQuery) -> dict[str, Any]:
    """Return the filters of ``query`` that are set; their names select the statement."""
    names = query.__slots__  # dataclasses.fields() takes twice as long
    return {name: value for name in names if name != "sort" and (value := getattr(query, name))}


def limit_offset(page: PageRequest) -> dict[str, int]:
    """Return the values of PAGE_LIMIT and PAGE_OFFSET.

    Their sum has at most 64 bits: Citus gets as many rows from each node.
    """
    return {"limit": page.limit, "offset": min(page.offset, MAX_PK - page.limit)}


def first(values: Sequence[Value]) -> Value | None:
    """Return the first of ``values``, or None."""
    return values[0] if values else None
