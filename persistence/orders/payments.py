"""Tables of ways to pay."""

import sqlalchemy as sa

from persistence.sql.columns import content_hash_column, metadata, pk_column

payment_options = sa.Table(
    "payment_options",
    metadata,
    pk_column(),
    content_hash_column(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("payment_type", sa.Text, nullable=False),
    sa.Column("slug", sa.Text, nullable=False),
)

banks = sa.Table(
    "banks",
    metadata,
    pk_column(),
    content_hash_column(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("slug", sa.Text, nullable=False),
    sa.Column("logo", sa.Text),
    sa.Column("logo_path", sa.Text),
)
