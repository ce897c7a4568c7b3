"""Table of products."""

import sqlalchemy as sa

from persistence.sql.columns import (
    Json,
    content_hash_column,
    metadata,
    pk_column,
    uuid_column,
)

products = sa.Table(
    "products",
    metadata,
    pk_column(),
    uuid_column(),
    content_hash_column(),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("base_code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("image", sa.Text),
    sa.Column("absolute_url", sa.Text, nullable=False),
    sa.Column("attributes", Json, nullable=False),
    sa.Column("attributes_kwargs", Json, nullable=False),
    sa.Column("form_schema", Json, nullable=False),
    sa.Column("data_source", Json),
    sa.Column("extra_attributes", Json, nullable=False),
    sa.Column("category", Json),
    sa.Column("attribute_set", Json, nullable=False),
    sa.Column("translations", Json),
)
