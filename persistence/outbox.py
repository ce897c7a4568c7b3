"""Table of the outbox, and its queries."""

from datetime import datetime

import sqlalchemy as sa

from domain.outbox import OutboxEvent, OutboxKind, OutboxStatus
from domain.shared.paging import PageRequest
from persistence.sql.aggregates import Aggregate
from persistence.sql.columns import (
    Json,
    UtcDateTime,
    enum_column,
    metadata,
    not_negative,
    pk_column,
)
from persistence.sql.partitions import PARTITIONED, partition_by_month, plain_key
from persistence.sql.statements import first
from persistence.sql.work import Work

outbox_events = sa.Table(
    "outbox_events",
    metadata,
    pk_column(),
    sa.Column("uuid", sa.Uuid, nullable=False),
    enum_column("kind", OutboxKind),
    sa.Column("payload", Json, nullable=False),
    enum_column("status", OutboxStatus),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("due_date", UtcDateTime, nullable=False),
    sa.Column("delivered_date", UtcDateTime),
    sa.Column("last_error", sa.Text),
    plain_key(),
    # With the date, the key of PostgreSQL does not make the UUIDs unique, which are random.
    sa.UniqueConstraint("uuid").ddl_if(dialect="sqlite"),
    sa.UniqueConstraint("uuid", "created_date").ddl_if(dialect="postgresql"),
    sa.Index(None, "status", "due_date", "pk"),
    *not_negative("attempts"),
    **PARTITIONED,
)
partition_by_month(outbox_events)


_EVENT = Aggregate(entity=OutboxEvent, table=outbox_events)


class SqlOutbox:
    """Implements ``domain.outbox.Outbox``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, event: OutboxEvent) -> None:
        self._work.add(_EVENT, event)

    def get(self, pk: int) -> OutboxEvent | None:
        # Locked, since an erasure may delete the row before the change is written.
        query = sa.select(outbox_events.c.pk).where(outbox_events.c.pk == pk)
        return first(self._load(query.with_for_update(key_share=True)))

    def remove(self, event: OutboxEvent) -> None:
        self._work.remove(_EVENT, event)

    def lease(self, now: datetime, until: datetime, limit: int) -> list[OutboxEvent]:
        columns = outbox_events.c
        due = sa.select(columns.pk).where(
            columns.status == OutboxStatus.PENDING, columns.due_date <= now
        )
        due = due.order_by(columns.due_date, columns.pk).limit(limit)
        events = self._load(due.with_for_update(skip_locked=True))
        for event in events:
            event.due_date = until
        return events

    def count(self, status: OutboxStatus | None) -> int:
        query = sa.select(sa.func.count()).select_from(outbox_events).where(*_of(status))
        count: int = self._work.scalar(query)
        return count

    def events(self, status: OutboxStatus | None, page: PageRequest) -> list[OutboxEvent]:
        query = sa.select(outbox_events.c.pk).where(*_of(status))
        query = query.order_by(outbox_events.c.pk.desc())
        return self._load(query.limit(page.limit).offset(page.offset))

    def _load(self, pks: sa.Select[int]) -> list[OutboxEvent]:
        return self._work.load(_EVENT, self._work.scalars(pks).all())


def _of(status: OutboxStatus | None) -> list[sa.ColumnElement[bool]]:
    return [] if status is None else [outbox_events.c.status == status]
