"""Removing rows that are no longer needed, in batches."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.outbox import OutboxStatus
from domain.privacy.retention import RemovedAccounts
from persistence.accounts.sessions import REMOVE_EXPIRED
from persistence.documents.cache import invalidate_documents
from persistence.idempotency import REMOVE_OLD
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.locking import lock_orders
from persistence.orders.order_items import order_items
from persistence.orders.queries import ORDER_DOCUMENTS
from persistence.orders.versions import raise_versions_of
from persistence.outbox import outbox_events
from persistence.sql.columns import UtcDateTime
from persistence.sql.distributed_tables import on_same_node
from persistence.sql.expired_rows import delete_batch
from persistence.sql.in_list import in_list
from persistence.sql.work import Work

_REMOVE_DELIVERED = delete_batch(
    [outbox_events.c.pk],
    sa.and_(
        outbox_events.c.status == OutboxStatus.DELIVERED,
        outbox_events.c.delivered_date <= sa.bindparam("before", type_=UtcDateTime),
    ),
    outbox_events.c.uuid,
)
_SETTLED = (CancellationStatus.COMPLETED, CancellationStatus.REJECTED)


class SqlRetention:
    """Implements ``domain.privacy.retention.Leftovers``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def remove_sessions(self, before: datetime, limit: int) -> int:
        return len(REMOVE_EXPIRED.rows(self._work, {"before": before, "limit": limit}))

    def remove_keys(self, before: datetime, limit: int) -> int:
        return len(REMOVE_OLD.rows(self._work, {"before": before, "limit": limit}))

    def remove_delivered(self, before: datetime, limit: int) -> list[UUID]:
        removed = _REMOVE_DELIVERED.rows(self._work, {"before": before, "limit": limit})
        return [uuid for (uuid,) in removed]

    def remove_accounts(
        self, before: datetime, after: int, limit: int, languages: Sequence[str]
    ) -> RemovedAccounts | None:
        columns = cancellation_requests.c
        # First the condition of the partial index, in the same form.
        settled = (
            sa.or_(columns.iban.is_not(None), columns.holder_name.is_not(None)),
            columns.modified_date <= before,
            columns.status.in_(_SETTLED),
        )
        query = sa.select(order_items.c.order_pk).distinct()
        same_item = sa.and_(
            columns.order_item_pk == order_items.c.pk,
            on_same_node(cancellation_requests, order_items),
        )
        query = query.join(cancellation_requests, same_item)
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
        invalidate_documents(self._work, ORDER_DOCUMENTS, versions, languages)
        return RemovedAccounts(pks[-1], len(requests))
