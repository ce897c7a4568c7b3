"""Tables of carriers and shipping options."""

import sqlalchemy as sa

from domain.shared.money import Currency
from persistence.sql.columns import (
    BigId,
    content_hash_column,
    enum_column,
    metadata,
    not_negative,
    pk_column,
    reference,
)

shipping_companies = sa.Table(
    "shipping_companies",
    metadata,
    pk_column(),
    content_hash_column(),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
)

shipping_option_groups = sa.Table(
    "shipping_option_groups",
    metadata,
    pk_column(),
    content_hash_column(),
    sa.Column("amount", BigId, nullable=False),
    enum_column("currency", Currency),
    sa.Column("shipping_option_name", sa.Text, nullable=False),
    sa.Column("shipping_option_logo", sa.Text),
    *not_negative("amount"),
)

easy_return_shipping_companies = sa.Table(
    "easy_return_shipping_companies",
    metadata,
    pk_column(),
    content_hash_column(),
    reference("shipping_company_pk", shipping_companies),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("requires_pickup_address", sa.Boolean, nullable=False),
)
