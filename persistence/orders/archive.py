"""Archiving: orders that become old orders."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from domain.accounts.users import UserType
from domain.orders.archiving import ArchivableOrder
from domain.orders.old_orders import OldOrder
from domain.orders.states import CLOSED, OrderState
from persistence.accounts.users import users
from persistence.audit import audit_entries
from persistence.orders.aggregate import ORDER
from persistence.orders.locking import lock_orders
from persistence.orders.numbers import order_numbers
from persistence.orders.old_orders import OLD_ORDER
from persistence.orders.orders import orders
from persistence.orders.seller_projection import remove_seller_orders
from persistence.sql.aggregates import View
from persistence.sql.in_list import in_list
from persistence.sql.statements import first
from persistence.sql.work import Work

_FINISHED = (*CLOSED, OrderState.DELIVERED)


class SqlOrderArchive:
    """Implements ``domain.orders.archiving.OrderArchive``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def candidates(self, before: datetime, after: int, limit: int) -> list[int]:
        query = sa.select(orders.c.pk).where(
            orders.c.pk > after, orders.c.created_date < before, orders.c.state.in_(_FINISHED)
        )
        return list(self._work.scalars(query.order_by(orders.c.pk).limit(limit)))

    def get(self, pk: int, *, is_locked: bool) -> ArchivableOrder | None:
        if is_locked:
            lock_orders(self._work, [pk])
        # Documents show no plans, and rules need no addresses and pictures.
        shown = first(self._work.read(ORDER, [pk], View.SHOWN))
        state = first(self._work.read(ORDER, [pk], View.STATE))
        if shown is None or state is None:
            return None
        user_type = self._work.scalar(
            sa.select(users.c.user_type).where(users.c.pk == shown.user_pk)
        )
        taken = sa.select(order_numbers.c.order_pk).where(
            order_numbers.c.number == shown.number, order_numbers.c.is_old.is_(sa.true())
        )
        return ArchivableOrder(
            order=shown,
            plans=state.cancellation_plans,
            is_guest=user_type is UserType.GUEST,
            is_number_taken=self._work.scalar(taken) is not None,
        )

    def replace(self, found: ArchivableOrder, old_order: OldOrder) -> None:
        order = found.order
        # A later erasure of the person could not find these notes.
        notes = sa.update(audit_entries).values(note=None)
        about = in_list(audit_entries.c.subject_uuid, _uuids(found))
        self._work.execute(notes.where(about, audit_entries.c.note.is_not(None)))
        remove_seller_orders(self._work, [order.pk])
        own = orders.c.user_pk == order.user_pk
        self._work.execute(sa.delete(orders).where(orders.c.pk == order.pk, own))
        is_its = order_numbers.c.number == order.number
        self._work.execute(
            sa.delete(order_numbers).where(is_its, order_numbers.c.is_old.is_(sa.false()))
        )
        self._work.add(OLD_ORDER, old_order)
        self._work.flush()


def _uuids(found: ArchivableOrder) -> list[UUID]:
    """Return what the audit trail may have entries about."""
    uuids = [found.order.uuid, *(plan.uuid for plan in found.plans)]
    for item in found.order.items:
        uuids.append(item.uuid)
        uuids += [request.uuid for request in item.cancellation_requests]
        uuids += [offer.uuid for offer in item.trade_in_offers]
    return uuids
