"""Queries of cancellation requests."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.cancellations.codes import CancellationCode
from domain.cancellations.requests import CancellationRequestQuery
from domain.orders.cancellations import CancellationRequest, CancellationStatus
from domain.shared.paging import PageRequest
from persistence.orders.aggregate import EASY_RETURN
from persistence.orders.cancellations import SAME_LINE, cancellation_requests
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.queries import is_newest_of
from persistence.sql.aggregates import Aggregate
from persistence.sql.columns import BigId
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.in_list import in_param
from persistence.sql.statements import PAGE_LIMIT, PAGE_OFFSET, limit_offset
from persistence.sql.work import Work

# Read-only: requests change as parts of their orders.
_REQUEST = Aggregate(
    entity=CancellationRequest, table=cancellation_requests, parts={"easy_return": EASY_RETURN}
)


_USER_PK = sa.bindparam("user_pk", type_=BigId)
_ORDER_OF_ITEM = sa.and_(
    orders.c.pk == order_items.c.order_pk, orders.c.user_pk == order_items.c.user_pk
)
_CONDITIONS = {
    "status": cancellation_requests.c.status == sa.bindparam("status"),
    "user_pk": orders.c.user_pk == _USER_PK,
    "order_pk": orders.c.pk == sa.bindparam("order_pk"),
    "newest_only": is_newest_of(_USER_PK),
}
_NUMBERS = CompiledQuery(
    sa.select(order_items.c.pk, orders.c.number)
    .join(orders, _ORDER_OF_ITEM)
    .where(in_param(order_items.c.pk, "item_pks"))
)


class SqlCancellationRequests:
    """Implements ``domain.cancellations.requests.CancellationRequests``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @contextmanager
    def opening(self, item_pks: Collection[int]) -> Iterator[None]:
        try:
            with self._work.savepoint():
                yield
        except IntegrityError as error:
            if not self._has_open(item_pks):
                raise
            raise CancellationCode.ANOTHER_CAME_FIRST.conflict() from error

    def count(self, query: CancellationRequestQuery) -> int:
        values = _values(query)
        count: int = _counted(tuple(values)).scalar(self._work, values)
        return count

    def requests(
        self, query: CancellationRequestQuery, page: PageRequest
    ) -> list[CancellationRequest]:
        values = _values(query)
        rows = _page(tuple(values)).rows(self._work, values | limit_offset(page))
        return self._work.read(_REQUEST, [pk for (pk,) in rows], user_pk=query.user_pk)

    def order_numbers(self, item_pks: Collection[int]) -> Mapping[int, str]:
        return dict(_NUMBERS.rows(self._work, {"item_pks": list(item_pks)}))

    def _has_open(self, item_pks: Collection[int]) -> bool:
        columns = cancellation_requests.c
        named = columns.order_item_pk.in_(item_pks)
        is_open = columns.status == CancellationStatus.OPEN
        return self._work.scalar(sa.select(sa.exists().where(named, is_open))) is True


def _values(query: CancellationRequestQuery) -> dict[str, Any]:
    """Return the filters of ``query`` that are set; their names select the statement."""
    values = {name: getattr(query, name) for name in ("status", "user_pk", "order_pk")}
    active = {name: value for name, value in values.items() if value is not None}
    return active | {"newest_only": True} if query.newest_only and "user_pk" in active else active


@cache
def _counted(names: tuple[str, ...]) -> CompiledQuery:
    return CompiledQuery(_where(sa.select(sa.func.count(cancellation_requests.c.pk)), names))


@cache
def _page(names: tuple[str, ...]) -> CompiledQuery:
    columns = cancellation_requests.c
    query = _where(sa.select(columns.pk), names)
    query = query.order_by(columns.created_date.desc(), columns.pk.desc())
    return CompiledQuery(query.limit(PAGE_LIMIT).offset(PAGE_OFFSET))


def _where(statement: sa.Select[Any], names: tuple[str, ...]) -> sa.Select[Any]:
    if {*names} - {"status"}:
        statement = statement.join(order_items, SAME_LINE).join(orders, _ORDER_OF_ITEM)
    return statement.where(*(_CONDITIONS[name] for name in names))
