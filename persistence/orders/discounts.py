"""Table of discounts."""

import sqlalchemy as sa

from persistence.sql.columns import (
    BigId,
    UtcDateTime,
    metadata,
    not_negative,
    owner_column,
    parent,
    pk_column,
)

discount_items = sa.Table(
    "discount_items",
    metadata,
    pk_column(),
    parent("order_pk", "orders"),
    owner_column(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("amount", BigId, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("created_date", UtcDateTime, nullable=False),
    *not_negative("amount"),
)
