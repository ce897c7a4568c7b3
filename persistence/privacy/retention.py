"""Removing what is no longer needed, some rows at a time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.outbox import OutboxStatus
from domain.privacy.retention import RemovedAccounts
from persistence.accounts.sessions import REMOVE_EXPIRED
from persistence.documents.cache import remove_documents
from persistence.idempotency import REMOVE_OLD
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.locking import lock_orders
from persistence.orders.order_items import order_items
from persistence.orders.queries import ORDER_DOCUMENTS
from persistence.orders.versions import raise_versions_of
from persistence.outbox import outbox_events
from persistence.sql.columns import UtcDateTime
from persistence.sql.expired_rows import removal
from persistence.sql.in_list import among
from persistence.sql.work import Work

_REMOVE_DELIVERED = removal(
    [outbox_events.c.pk],
    sa.and_(
        outbox_events.c.status == OutboxStatus.DELIVERED,
        outbox_events.c.delivered_date <= sa.bindparam("before", type_=UtcDateTime),
    ),
    outbox_events.c.uuid,
)
_OVER = (CancellationStatus.COMPLETED, CancellationStatus.REJECTED)


class SqlRetention:
    """The implementation of ``domain.privacy.retention.Retention``."""

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
        # With the condition of the partial index first, as the index spells it.
        settled = (
            sa.or_(columns.iban.is_not(None), columns.holder_name.is_not(None)),
            columns.modified_date <= before,
            columns.status.in_(_OVER),
        )
        found = sa.select(order_items.c.order_pk).distinct()
        found = found.join(cancellation_requests, columns.order_item_pk == order_items.c.pk)
        found = found.where(*settled, order_items.c.order_pk > after)
        pks = self._work.scalars(found.order_by(order_items.c.order_pk).limit(limit)).all()
        if not pks:
            return None
        locked = lock_orders(self._work, pks, skip_locked=True)
        lines = sa.select(order_items.c.pk).where(among(order_items.c.order_pk, locked))
        cleared = sa.update(cancellation_requests).where(*settled, columns.order_item_pk.in_(lines))
        cleared = cleared.values(iban=None, holder_name=None).returning(columns.pk)
        requests = self._work.execute(cleared).all()
        versions = raise_versions_of(self._work, Order, locked)
        remove_documents(self._work, ORDER_DOCUMENTS, versions, languages)
        return RemovedAccounts(pks[-1], len(requests))
