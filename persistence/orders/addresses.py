"""Tables of places and addresses."""

import sqlalchemy as sa

from domain.orders.addresses import AddressType, LocationKind
from persistence.accounts.users import users
from persistence.sql.columns import (
    BigId,
    Json,
    content_hash_column,
    enum_column,
    metadata,
    pk_column,
    reference,
    uuid_column,
)

locations = sa.Table(
    "locations",
    metadata,
    pk_column(),
    uuid_column(),
    content_hash_column(),
    enum_column("kind", LocationKind),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("translations", Json),
    reference("country_pk", "locations", nullable=True),
    reference("city_pk", "locations", nullable=True),
    reference("township_pk", "locations", nullable=True),
    sa.Column("priority", BigId),
    sa.Column("postcode", sa.Text),
)

addresses = sa.Table(
    "addresses",
    metadata,
    pk_column(),
    uuid_column(),
    content_hash_column(),
    reference("user_pk", users, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
    sa.Column("phone_number", sa.Text, nullable=False),
    sa.Column("first_name", sa.Text, nullable=False),
    sa.Column("last_name", sa.Text, nullable=False),
    reference("country_pk", locations),
    reference("city_pk", locations),
    reference("township_pk", locations, nullable=True),
    reference("district_pk", locations, nullable=True),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("postcode", sa.Text),
    sa.Column("notes", sa.Text),
    sa.Column("company_name", sa.Text),
    sa.Column("tax_office", sa.Text),
    sa.Column("tax_no", sa.Text),
    sa.Column("e_bill_taxpayer", sa.Boolean),
    enum_column("address_type", AddressType),
    sa.Column("retail_store", Json),
    sa.Column("remote_id", sa.Text),
    sa.Column("identity_number", sa.Text),
    sa.Column("extra_field", Json),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("is_corporate", sa.Boolean),
    sa.Column("primary", sa.Boolean),
)
