"""Locking orders in the order that all writers use."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from persistence.engine.nodes import is_distributed
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.sql.in_list import in_list
from persistence.sql.work import Work


def lock_orders(work: Work, pks: Collection[int], *, skip_locked: bool = False) -> Sequence[int]:
    """Lock these orders by ascending pk, and then their lines; return the locked pks.

    Rows that only reference an order can still be written. ``skip_locked`` leaves out orders that
    another transaction has locked, instead of waiting.
    """
    if is_distributed(work.connection):
        return _lock_on_nodes(work, pks, skip_locked=skip_locked)
    locked = sa.select(orders.c.pk).where(in_list(orders.c.pk, pks)).order_by(orders.c.pk)
    locked = locked.with_for_update(key_share=True, skip_locked=skip_locked)
    locked_pks = work.scalars(locked).all()
    lines = sa.select(order_items.c.pk).where(in_list(order_items.c.order_pk, locked_pks))
    work.execute(lines.order_by(order_items.c.pk).with_for_update(key_share=True)).all()
    return locked_pks


def _lock_on_nodes(work: Work, pks: Collection[int], *, skip_locked: bool) -> Sequence[int]:
    """Lock one order after the other, since Citus locks rows of one node in a statement."""
    found = sa.select(orders.c.pk, orders.c.user_pk).where(in_list(orders.c.pk, pks))
    locked_pks = []
    for pk, user_pk in sorted(map(tuple, work.execute(found))):
        order = sa.select(orders.c.pk).where(orders.c.pk == pk, orders.c.user_pk == user_pk)
        order = order.with_for_update(key_share=True, skip_locked=skip_locked)
        if work.execute(order).first() is None:
            continue
        lines = sa.select(order_items.c.pk).where(
            order_items.c.order_pk == pk, order_items.c.user_pk == user_pk
        )
        work.execute(lines.order_by(order_items.c.pk).with_for_update(key_share=True)).all()
        locked_pks.append(pk)
    return locked_pks
