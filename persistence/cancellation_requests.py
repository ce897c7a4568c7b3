"""The questions asked of cancellation requests."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.cancellation_codes import CancellationCode
from domain.cancellation_requests import CancellationRequestQuery
from domain.cancellations import CancellationRequest, CancellationStatus
from domain.paging import PageRequest
from persistence.cancellations import cancellation_requests
from persistence.order_aggregate import EASY_RETURN
from persistence.order_items import order_items
from persistence.order_queries import is_newest_of
from persistence.orders import orders
from persistence.sql.aggregates import Aggregate
from persistence.sql.work import Work

# Alone, to look at: they change as parts of their orders.
_REQUEST = Aggregate(
    entity=CancellationRequest, table=cancellation_requests, sets={"easy_return": EASY_RETURN}
)


class SqlCancellationRequests:
    """The stored requests, as ``domain.cancellation_requests.CancellationRequests`` asks."""

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
        counted = _where(sa.select(sa.func.count(cancellation_requests.c.pk)), query)
        count: int = self._work.execute(counted).scalar_one()
        return count

    def requests(
        self, query: CancellationRequestQuery, page: PageRequest
    ) -> list[CancellationRequest]:
        columns = cancellation_requests.c
        found = _where(sa.select(columns.pk), query)
        found = found.order_by(columns.created_date.desc(), columns.pk.desc())
        found = found.limit(page.limit).offset(page.offset)
        return self._work.read(_REQUEST, self._work.scalars(found).all())

    def order_numbers(self, item_pks: Collection[int]) -> Mapping[int, str]:
        found = sa.select(order_items.c.pk, orders.c.number)
        found = found.join(orders, orders.c.pk == order_items.c.order_pk)
        rows = self._work.execute(found.where(order_items.c.pk.in_(item_pks)))
        return {row.pk: row.number for row in rows}

    def _has_open(self, item_pks: Collection[int]) -> bool:
        columns = cancellation_requests.c
        named = columns.order_item_pk.in_(item_pks)
        is_open = columns.status == CancellationStatus.OPEN
        return self._work.scalar(sa.select(sa.exists().where(named, is_open))) is True


def _where(statement: sa.Select, query: CancellationRequestQuery) -> sa.Select:
    columns = cancellation_requests.c
    if query.status is not None:
        statement = statement.where(columns.status == query.status)
    if query.user_pk is None and query.order_pk is None:
        return statement
    statement = statement.join(order_items, order_items.c.pk == columns.order_item_pk)
    statement = statement.join(orders, orders.c.pk == order_items.c.order_pk)
    if query.user_pk is not None:
        statement = statement.where(orders.c.user_pk == query.user_pk)
        if query.newest_only:
            statement = statement.where(is_newest_of(sa.literal(query.user_pk)))
    if query.order_pk is not None:
        statement = statement.where(orders.c.pk == query.order_pk)
    return statement
