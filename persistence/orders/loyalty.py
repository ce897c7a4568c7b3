"""Table of loyalty money."""

import sqlalchemy as sa

from persistence.accounts.users import users
from persistence.sql.columns import (
    BigId,
    metadata,
    parent,
    pk_column,
    reference,
    uuid_column,
)

loyalty_transactions = sa.Table(
    "loyalty_transactions",
    metadata,
    pk_column(),
    uuid_column(),
    parent("order_pk", "orders"),
    reference("user_pk", users, nullable=True),
    sa.Column("user_email", sa.Text),
    sa.Column("amount", BigId, nullable=False),
    sa.Column("reference", sa.Text),
)
