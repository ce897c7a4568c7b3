"""The questions asked of cancellation reasons."""

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
    """The stored reasons, as ``domain.cancellations.reasons.CancellationReasons`` asks."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, reason: CancellationReason) -> None:
        self._work.add(_REASON, reason)
        self._work.flush()

    def by_pks(self, pks: Collection[int]) -> Mapping[int, CancellationReason]:
        return {reason.pk: reason for reason in self._work.read(_REASON, list(pks))}

    def ensure(self, reason: CancellationReason) -> CancellationReason:
        row = {each.name: getattr(reason, each.name) for each in fields(reason) if each.init}
        insert_rows(self._work, cancellation_reasons, [row], DoNothing())
        found = sa.select(cancellation_reasons.c.pk).where(
            cancellation_reasons.c.uuid == reason.uuid
        )
        return self._load(found)[0]

    def count_active(self, cancellation_type: CancellationType | None) -> int:
        counted = sa.select(sa.func.count()).select_from(cancellation_reasons)
        count: int = self._work.scalar(counted.where(*_active(cancellation_type)))
        return count

    def active(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        columns = cancellation_reasons.c
        found = sa.select(columns.pk).where(*_active(cancellation_type))
        found = found.order_by(columns.order, columns.pk).limit(page.limit).offset(page.offset)
        return self._load(found)

    def lock(self, pk: int) -> CancellationReason | None:
        found = sa.select(cancellation_reasons.c.pk).where(cancellation_reasons.c.pk == pk)
        return first(self._load(found.with_for_update(key_share=True)))

    def count(self, cancellation_type: CancellationType | None) -> int:
        counted = sa.select(sa.func.count()).select_from(cancellation_reasons)
        count: int = self._work.scalar(counted.where(*_of(cancellation_type)))
        return count

    def page(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        columns = cancellation_reasons.c
        found = sa.select(columns.pk).where(*_of(cancellation_type))
        found = found.order_by(columns.cancellation_type, columns.order, columns.pk)
        return self._load(found.limit(page.limit).offset(page.offset))

    def _load(self, pks: sa.Select[int]) -> list[CancellationReason]:
        return self._work.load(_REASON, self._work.scalars(pks).all())


def _of(cancellation_type: CancellationType | None) -> list[sa.ColumnElement[bool]]:
    if cancellation_type is None:
        return []
    return [cancellation_reasons.c.cancellation_type == cancellation_type]


def _active(cancellation_type: CancellationType | None) -> list[sa.ColumnElement[bool]]:
    columns = cancellation_reasons.c
    return [columns.is_active.is_(sa.true()), *_of(cancellation_type)]
