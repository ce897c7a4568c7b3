"""The questions asked of cancellation reasons."""

from collections.abc import Collection, Mapping
from dataclasses import fields

import sqlalchemy as sa

from domain.cancellations import CancellationReason, CancellationType
from domain.paging import PageRequest
from persistence.cancellations import cancellation_reasons
from persistence.loading import Loader
from persistence.sql.bulk import DoNothing, insert_rows
from persistence.sql.work import Work

_REASONS = Loader(CancellationReason)


class SqlCancellationReasons:
    """The stored reasons, as ``domain.cancellation_reasons.CancellationReasons`` asks."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, reason: CancellationReason) -> None:
        self._work.add(reason)
        self._work.flush()

    def by_pks(self, pks: Collection[int]) -> Mapping[int, CancellationReason]:
        return {reason.pk: reason for reason in _REASONS.load(self._work, list(pks))}

    def ensure(self, reason: CancellationReason) -> CancellationReason:
        row = {each.name: getattr(reason, each.name) for each in fields(reason) if each.init}
        insert_rows(self._work, cancellation_reasons, [row], DoNothing())
        found = sa.select(CancellationReason).where(cancellation_reasons.c.uuid == reason.uuid)
        return self._work.scalars(found).one()

    def count_active(self, cancellation_type: CancellationType | None) -> int:
        counted = sa.select(sa.func.count()).select_from(cancellation_reasons)
        return self._work.execute(counted.where(*_active(cancellation_type))).scalar_one()

    def active(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        columns = cancellation_reasons.c
        found = sa.select(CancellationReason).where(*_active(cancellation_type))
        found = found.order_by(columns.order, columns.pk).limit(page.limit).offset(page.offset)
        return list(self._work.scalars(found))

    def lock(self, pk: int) -> CancellationReason | None:
        found = sa.select(CancellationReason).where(cancellation_reasons.c.pk == pk)
        return self._work.scalars(found.with_for_update(key_share=True)).one_or_none()

    def count(self, cancellation_type: CancellationType | None) -> int:
        counted = sa.select(sa.func.count()).select_from(cancellation_reasons)
        return self._work.execute(counted.where(*_of(cancellation_type))).scalar_one()

    def page(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        columns = cancellation_reasons.c
        found = sa.select(CancellationReason).where(*_of(cancellation_type))
        found = found.order_by(columns.cancellation_type, columns.order, columns.pk)
        return list(self._work.scalars(found.limit(page.limit).offset(page.offset)))


def _of(cancellation_type: CancellationType | None) -> list[sa.ColumnElement[bool]]:
    if cancellation_type is None:
        return []
    return [cancellation_reasons.c.cancellation_type == cancellation_type]


def _active(cancellation_type: CancellationType | None) -> list[sa.ColumnElement[bool]]:
    columns = cancellation_reasons.c
    return [columns.is_active.is_(sa.true()), *_of(cancellation_type)]
