"""Table of sellers."""

import sqlalchemy as sa

from persistence.sql.columns import metadata, pk_column, uuid_column

sellers = sa.Table(
    "sellers",
    metadata,
    pk_column(),
    uuid_column(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
)
