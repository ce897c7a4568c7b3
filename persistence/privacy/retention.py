"""Removing rows that are no longer needed, in batches."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.outbox import OutboxStatus
from domain.privacy.retention import Expiring, Monthly, RemovedAccounts
from persistence.accounts.one_time_tokens import one_time_tokens
from persistence.accounts.sessions import sessions
from persistence.audit import audit_entries
from persistence.documents.tables import invalidate_documents
from persistence.idempotency import idempotency_keys
from persistence.orders.cancellations import SAME_LINE, cancellation_requests
from persistence.orders.locking import lock_orders
from persistence.orders.old_orders import old_order_documents
from persistence.orders.order_items import order_items
from persistence.orders.orders import order_documents
from persistence.orders.queries import ORDER_DOCUMENTS
from persistence.orders.versions import raise_versions_of
from persistence.outbox import outbox_events
from persistence.sql.columns import BigId, UtcDateTime
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.expired_rows import delete_batch
from persistence.sql.in_list import in_list
from persistence.sql.partitions import create_months, drop_months
from persistence.sql.version_numbers import version_at
from persistence.sql.work import Work

Condition = sa.ColumnElement[bool]

_END = sa.bindparam("end", type_=UtcDateTime)
_END_VERSION = sa.bindparam("end", type_=BigId)


def _documents(table: sa.Table, owner: str) -> tuple[list[sa.Column[Any]], Condition]:
    return [table.c[owner]], table.c.version <= _END_VERSION


# The key of each kind of rows, and which of them have expired at ``end``.
_EXPIRED: Mapping[Expiring, tuple[list[sa.Column[Any]], Condition]] = {
    Expiring.SESSIONS: ([sessions.c.id_hash], sessions.c.expires_date <= _END),
    Expiring.TOKENS: ([one_time_tokens.c.uuid], one_time_tokens.c.expires_date <= _END),
    Expiring.KEYS: (
        [idempotency_keys.c.scope, idempotency_keys.c.key],
        idempotency_keys.c.created_date <= _END,
    ),
    Expiring.DOCUMENTS: _documents(order_documents, "order_pk"),
    Expiring.OLD_DOCUMENTS: _documents(old_order_documents, "old_order_pk"),
    Expiring.AUDIT: (
        [audit_entries.c.pk, audit_entries.c.created_date],
        audit_entries.c.created_date < _END,
    ),
}
MONTHLY = {Monthly.EMAILS: outbox_events, Monthly.AUDIT: audit_entries}
_VERSIONED = (Expiring.DOCUMENTS, Expiring.OLD_DOCUMENTS)
_DELIVERED = sa.and_(
    outbox_events.c.status == OutboxStatus.DELIVERED, outbox_events.c.delivered_date <= _END
)


def _count(key: Sequence[sa.Column[Any]], condition: Condition) -> CompiledQuery:
    return CompiledQuery(sa.select(sa.func.count()).select_from(key[0].table).where(condition))


_REMOVE = {kind: delete_batch(*expired) for kind, expired in _EXPIRED.items()}
_COUNT = {kind: _count(*expired) for kind, expired in _EXPIRED.items()}
_REMOVE_DELIVERED = delete_batch([outbox_events.c.pk], _DELIVERED, outbox_events.c.uuid)
_COUNT_DELIVERED = _count([outbox_events.c.pk], _DELIVERED)
_SETTLED = (CancellationStatus.COMPLETED, CancellationStatus.REJECTED)


class SqlRetention:
    """Implements ``domain.privacy.retention.Retention``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def remove(self, kind: Expiring, end: datetime, limit: int) -> int:
        return len(_REMOVE[kind].rows(self._work, {"end": _value(kind, end), "limit": limit}))

    def count(self, kind: Expiring, end: datetime) -> int:
        count: int = _COUNT[kind].scalar(self._work, {"end": _value(kind, end)})
        return count

    def remove_delivered(self, before: datetime, limit: int) -> list[UUID]:
        removed = _REMOVE_DELIVERED.rows(self._work, {"end": before, "limit": limit})
        return [uuid for (uuid,) in removed]

    def count_delivered(self, before: datetime) -> int:
        count: int = _COUNT_DELIVERED.scalar(self._work, {"end": before})
        return count

    def count_accounts(self, before: datetime) -> int:
        counted = sa.select(sa.func.count()).select_from(cancellation_requests)
        count: int = self._work.scalar(counted.where(*_settled(before)))
        return count

    def create_months(self, kind: Monthly, now: datetime) -> int:
        return create_months(self._work, MONTHLY[kind], now)

    def drop_months(self, kind: Monthly, end: datetime) -> int:
        return drop_months(self._work, MONTHLY[kind], end, only_empty=kind is Monthly.EMAILS)

    def remove_accounts(self, before: datetime, after: int, limit: int) -> RemovedAccounts | None:
        columns = cancellation_requests.c
        settled = _settled(before)
        query = sa.select(order_items.c.order_pk).distinct()
        query = query.join(cancellation_requests, SAME_LINE)
        query = query.where(*settled, order_items.c.order_pk > after)
        pks = self._work.scalars(query.order_by(order_items.c.order_pk).limit(limit)).all()
        if not pks:
            return None
        locked = lock_orders(self._work, pks, skip_locked=True)
        lines = sa.select(order_items.c.pk).where(in_list(order_items.c.order_pk, locked))
        locked_lines = self._work.scalars(lines).all()
        is_of_locked = in_list(columns.order_item_pk, locked_lines)
        cleared = sa.update(cancellation_requests).where(*settled, is_of_locked)
        cleared = cleared.values(iban=None, holder_name=None).returning(columns.pk)
        requests = self._work.execute(cleared).all()
        versions = raise_versions_of(self._work, Order, locked)
        invalidate_documents(self._work, ORDER_DOCUMENTS, versions)
        return RemovedAccounts(pks[-1], len(requests))


def _settled(before: datetime) -> tuple[Condition, ...]:
    """Which requests ended at ``before`` or earlier, and have an account."""
    columns = cancellation_requests.c
    # First the condition of the partial index, in the same form.
    return (
        sa.or_(columns.iban.is_not(None), columns.holder_name.is_not(None)),
        columns.modified_date <= before,
        columns.status.in_(_SETTLED),
    )


def _value(kind: Expiring, end: datetime) -> datetime | int:
    return version_at(end) if kind in _VERSIONED else end
