"""Table of how many orders sellers have of each status, kept in step with the sellers' orders.

To count the orders themselves takes longer the more there are. Waybill deletes none; whoever does
so by hand deletes all rows of sellers' orders as well, and has `waybill migrate` make them anew
with their counts.
"""

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa

from persistence.sql.bulk import Increment, Row
from persistence.sql.columns import BigId, metadata, parent

# Orders of one seller and status are counted in so many rows, so that who changes one seldom waits
# for who changes another.
SLOTS = 8

Counted = tuple[int, int, int]
"""An order of a seller as it is counted: the pk of the seller, the status, the pk of the order."""

_KEY = ("seller_pk", "status", "slot")
COUNTED = Increment(_KEY)

seller_order_counts = sa.Table(
    "seller_order_counts",
    metadata,
    # The primary key below begins with it.
    parent("seller_pk", "sellers", index=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("slot", sa.Integer, nullable=False),
    # No wall: both databases would put it up before what is added, which may be negative, too.
    sa.Column("orders", BigId, nullable=False),
    sa.PrimaryKeyConstraint(*_KEY),
)


def changed_counts(before: Iterable[Counted], after: Iterable[Counted]) -> list[Row]:
    """Return rows for ``COUNTED``, to count the orders ``after`` in place of those ``before``.

    They come in the order of their keys, so that two writers do not wait for each other.
    """
    changes = Counter(map(_key, after))
    changes.subtract(map(_key, before))
    return [
        dict(zip(_KEY, key, strict=True)) | {"orders": change}
        for key, change in sorted(changes.items())
        if change
    ]


def _key(counted: Counted) -> tuple[int, int, int]:
    seller_pk, status, order_pk = counted
    return seller_pk, status, order_pk % SLOTS
