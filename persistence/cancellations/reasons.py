"""Queries of cancellation reasons."""

from collections.abc import Collection, Mapping
from dataclasses import fields

import sqlalchemy as sa

from domain.orders.cancellations import CancellationReason, CancellationType
from domain.shared.paging import PageRequest
from persistence.orders.cancellations import cancellation_reasons
from persistence.sql.aggregates import Aggregate
from persistence.sql.bulk import DoNothing, insert_rows
from persistence.sql.statements import first
from persistence.sql.work import Work

_REASON = Aggregate(entity=CancellationReason, table=cancellation_reasons)


class SqlCancellationReasons:
    """Implements ``domain.cancellations.reasons.CancellationReasons``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, reason: CancellationReason) -> None:
        self._work.add(_REASON, reason)
        self._work.flush()

    def by_pks(self, pks: Collection[int]) -> Mapping[int, CancellationReason]:
        return {reason.pk: reason for reason in self._work.read(_REASON, list(pks))}

    def ensure(self, reason: CancellationReason) -> CancellationReason:
        row = {field.name: getattr(reason, field.name) for field in fields(reason) if field.init}
        insert_rows(self._work, cancellation_reasons, [row], DoNothing())
        query = sa.select(cancellation_reasons.c.pk).where(
            cancellation_reasons.c.uuid == reason.uuid
        )
        return self._load(query)[0]

    def count_active(self, cancellation_type: CancellationType | None) -> int:
        query = sa.select(sa.func.count()).select_from(cancellation_reasons)
        count: int = self._work.scalar(query.where(*_active(cancellation_type)))
        return count

    def active(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        columns = cancellation_reasons.c
        query = sa.select(columns.pk).where(*_active(cancellation_type))
        query = query.order_by(columns.order, columns.pk).limit(page.limit).offset(page.offset)
        return self._load(query)

    def lock(self, pk: int) -> CancellationReason | None:
        query = sa.select(cancellation_reasons.c.pk).where(cancellation_reasons.c.pk == pk)
        return first(self._load(query.with_for_update(key_share=True)))

    def count(self, cancellation_type: CancellationType | None) -> int:
        query = sa.select(sa.func.count()).select_from(cancellation_reasons)
        count: int = self._work.scalar(query.where(*_of(cancellation_type)))
        return count

    def page(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        columns = cancellation_reasons.c
        query = sa.select(columns.pk).where(*_of(cancellation_type))
        query = query.order_by(columns.cancellation_type, columns.order, columns.pk)
        return self._load(query.limit(page.limit).offset(page.offset))

    def _load(self, pks: sa.Select[int]) -> list[CancellationReason]:
        return self._work.load(_REASON, self._work.scalars(pks).all())


def _of(cancellation_type: CancellationType | None) -> list[sa.ColumnElement[bool]]:
    if cancellation_type is None:
        return []
    return [cancellation_reasons.c.cancellation_type == cancellation_type]


def _active(cancellation_type: CancellationType | None) -> list[sa.ColumnElement[bool]]:
    columns = cancellation_reasons.c
    return [columns.is_active.is_(sa.true()), *_of(cancellation_type)]
