"""Sharded counters of sellers' orders by status, updated with the sellers' orders.

Counting the orders themselves gets slower with their number. Archiving updates the counters. After
deleting some orders by hand, delete all rows of sellers' orders, and `waybill migrate` creates them
and the counts again.
"""

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa

from persistence.sql.bulk import Increment, Row
from persistence.sql.columns import BigId, metadata, parent

# Rows of one counter: with several, transactions seldom wait for each other's locks.
SHARDS = 8

CountedOrder = tuple[int, int, int]
"""A counted order of a seller: seller_pk, status, order_pk."""

_KEY = ("seller_pk", "status", "slot")
ADD_COUNTS = Increment(_KEY)

seller_order_counts = sa.Table(
    "seller_order_counts",
    metadata,
    # The primary key below begins with it.
    parent("seller_pk", "sellers", index=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("slot", sa.Integer, nullable=False),
    # No CHECK (orders >= 0): it would be applied to the inserted delta, which may be negative,
    # before ON CONFLICT adds it.
    sa.Column("orders", BigId, nullable=False),
    sa.PrimaryKeyConstraint(*_KEY),
)


def count_changes(before: Iterable[CountedOrder], after: Iterable[CountedOrder]) -> list[Row]:
    """Return the rows for ``ADD_COUNTS`` that replace the orders ``before`` by those ``after``.

    Sorted by key, so that two writers can not deadlock.
    """
    changes = Counter(map(_key, after))
    changes.subtract(map(_key, before))
    return [
        dict(zip(_KEY, key, strict=True)) | {"orders": change}
        for key, change in sorted(changes.items())
        if change
    ]


def _key(counted: CountedOrder) -> tuple[int, int, int]:
    seller_pk, status, order_pk = counted
    return seller_pk, status, order_pk % SHARDS
