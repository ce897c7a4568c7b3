"""Table of order numbers, which is unique and has the user of each order.

Rows of orders are distributed by user, and can not be unique by number on all nodes.
"""

from typing import Any

import sqlalchemy as sa

from persistence.sql.bulk import Row
from persistence.sql.columns import BigId, max_length, metadata

order_numbers = sa.Table(
    "order_numbers",
    metadata,
    sa.Column("number", sa.Text, nullable=False),
    # Of an archived order, which may have the number of an order.
    sa.Column("is_old", sa.Boolean, nullable=False),
    # No foreign keys: user and order are on another node.
    sa.Column("user_pk", BigId, nullable=False),
    sa.Column("order_pk", BigId, nullable=False),
    sa.PrimaryKeyConstraint("number", "is_old"),
    *max_length(64, "number"),
)


def number_row(order: Any) -> Row:
    """Return the row of an order with a pk."""
    return _row(order, is_old=False)


def old_number_row(old_order: Any) -> Row:
    """Return the row of an archived order with a pk."""
    return _row(old_order, is_old=True)


def _row(order: Any, *, is_old: bool) -> Row:
    return {
        "number": order.number,
        "is_old": is_old,
        "user_pk": order.user_pk,
        "order_pk": order.pk,
    }
