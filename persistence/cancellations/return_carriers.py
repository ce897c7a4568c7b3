"""Table of the shop's return carriers, and updates of the lines that offer them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.cancellations.return_carriers import CarrierTaken, OfferedBatch, ReturnCarrier
from domain.orders.orders import Order
from domain.orders.shipping import EasyReturnShippingCompany
from domain.orders.states import CLOSED
from domain.shared.paging import PageRequest
from persistence.orders.aggregate import RETURN_COMPANY
from persistence.orders.locking import lock_orders
from persistence.orders.order_items import order_item_easy_return_companies, order_items
from persistence.orders.shipping import easy_return_shipping_companies
from persistence.orders.versions import raise_versions_of
from persistence.sql.aggregates import Aggregate
from persistence.sql.bulk import insert_rows
from persistence.sql.columns import (
    OWNER,
    UtcDateTime,
    metadata,
    pk_column,
    uuid_column,
)
from persistence.sql.distributed_tables import on_same_node
from persistence.sql.in_list import in_list
from persistence.sql.statements import first
from persistence.sql.work import Work

return_carriers = sa.Table(
    "return_carriers",
    metadata,
    pk_column(),
    uuid_column(),
    sa.Column(
        "company_pk",
        sa.ForeignKey(easy_return_shipping_companies.c.pk),
        nullable=False,
        unique=True,
    ),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("modified_date", UtcDateTime, nullable=False),
)


_CARRIER = Aggregate(
    entity=ReturnCarrier, table=return_carriers, references={"company": RETURN_COMPANY}
)
_OFFERS = order_item_easy_return_companies
_ACTIVE = return_carriers.c.is_active.is_(sa.true())


def active_companies(work: Work) -> list[int]:
    """Return the pks of the companies that the shop offers for every line.

    Carriers are locked until the transaction ends, so that imported lines offer what the next batch
    of ``SqlReturnCarriers.offer`` expects.
    """
    query = sa.select(return_carriers.c.company_pk).where(_ACTIVE)
    query = query.order_by(return_carriers.c.company_pk)
    return list(work.scalars(query.with_for_update(read=True, key_share=True)))


class SqlReturnCarriers:
    """The stored carriers: ``domain.cancellations.return_carriers.ReturnCarriers``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, carrier: ReturnCarrier) -> None:
        self._lock_out_imports()
        with self._unless_taken():
            self._work.add(_CARRIER, carrier)

    def lock(self, pk: int) -> ReturnCarrier | None:
        self._lock_out_imports()
        return first(self._work.load(_CARRIER, [pk]))

    def replace_company(self, carrier: ReturnCarrier, company: EasyReturnShippingCompany) -> None:
        with self._unless_taken():
            carrier.company = company

    def count(self) -> int:
        counted = sa.select(sa.func.count()).select_from(return_carriers)
        count: int = self._work.scalar(counted)
        return count

    def page(self, page: PageRequest) -> list[ReturnCarrier]:
        pks = sa.select(return_carriers.c.pk).order_by(return_carriers.c.pk)
        pks = pks.limit(page.limit).offset(page.offset)
        return self._work.load(_CARRIER, self._work.scalars(pks).all())

    def offer(self, after: int, since: datetime, limit: int) -> OfferedBatch | None:
        differing = sa.union(
            *(
                sa.select(lines.c.order_pk).where(lines.c.order_pk > after)
                for lines in (_missing(since).subquery(), _surplus().subquery())
            )
        ).subquery()
        query = sa.select(differing.c.order_pk).order_by(differing.c.order_pk).limit(limit)
        pks = self._work.scalars(query).all()
        if not pks:
            return None
        lock_orders(self._work, pks)
        changed = self._add(since, pks) | self._remove(pks)
        raise_versions_of(self._work, Order, changed)
        return OfferedBatch(pks[-1], len(changed))

    def _add(self, since: datetime, order_pks: Collection[int]) -> set[int]:
        lines = _missing(since).subquery()
        missing = sa.select(lines).where(in_list(lines.c.order_pk, order_pks))
        rows = self._work.execute(missing).all()
        insert_rows(
            self._work,
            _OFFERS,
            [
                {
                    "order_item_pk": item_pk,
                    "company_pk": company_pk,
                    OWNER: user_pk,
                    "is_shops": True,
                }
                for _, item_pk, company_pk, user_pk in rows
            ],
        )
        return {order_pk for order_pk, *_ in rows}

    def _remove(self, order_pks: Collection[int]) -> set[int]:
        lines = _surplus().subquery()
        surplus = sa.select(lines).where(in_list(lines.c.order_pk, order_pks))
        rows = self._work.execute(surplus).all()
        if rows:
            named = sa.tuple_(_OFFERS.c.order_item_pk, _OFFERS.c.company_pk)
            removed = [(item_pk, company_pk) for _, item_pk, company_pk in rows]
            self._work.execute(sa.delete(_OFFERS).where(named.in_(removed)))
        return {order_pk for order_pk, _, _ in rows}

    def _lock_out_imports(self) -> None:
        """Lock the carriers against imports; SQLite has one writer at a time anyway."""
        if self._work.dialect_name == "postgresql":
            self._work.execute(sa.text("LOCK TABLE return_carriers IN EXCLUSIVE MODE"))

    @contextmanager
    def _unless_taken(self) -> Iterator[None]:
        try:
            with self._work.savepoint():
                yield
        except IntegrityError as error:
            raise CarrierTaken from error


def _missing(since: datetime) -> sa.Select[Any]:
    """Select lines with each active carrier that they lack."""
    may_return = sa.or_(
        order_items.c.delivered_date.is_(None), order_items.c.delivered_date > since
    )
    offers = sa.select(_OFFERS.c.company_pk).where(
        _OFFERS.c.order_item_pk == order_items.c.pk,
        on_same_node(_OFFERS, order_items),
        sa.or_(
            _OFFERS.c.is_shops.is_(sa.false()),
            _OFFERS.c.company_pk == return_carriers.c.company_pk,
        ),
    )
    return (
        sa.select(
            *(order_items.c.order_pk, order_items.c.pk),
            *(return_carriers.c.company_pk, order_items.c[OWNER]),
        )
        .join_from(order_items, return_carriers, _ACTIVE)
        .where(order_items.c.state.not_in(CLOSED), may_return, ~offers.exists())
    )


def _surplus() -> sa.Select[Any]:
    """Select lines with each inactive carrier of the shop that they offer."""
    active = sa.select(return_carriers.c.pk).where(
        _ACTIVE, return_carriers.c.company_pk == _OFFERS.c.company_pk
    )
    return (
        sa.select(order_items.c.order_pk, order_items.c.pk, _OFFERS.c.company_pk)
        .join_from(
            order_items,
            _OFFERS,
            sa.and_(
                _OFFERS.c.order_item_pk == order_items.c.pk, on_same_node(_OFFERS, order_items)
            ),
        )
        .where(_OFFERS.c.is_shops.is_(sa.true()), ~active.exists())
    )
