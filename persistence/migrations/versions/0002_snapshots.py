"""Places, products, payment and shipping options, which orders reference."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True)
CURRENCIES = (
    "try",
    "usd",
    "eur",
    "egp",
    "gbp",
    "mad",
    "pln",
    "sar",
    "ron",
    "uah",
    "czk",
    "huf",
    "rub",
    "bgn",
    "iqd",
    "kwd",
    "bhd",
    "omr",
    "qar",
    "aed",
    "ngn",
    "jod",
    "brl",
)


def enum_column(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "locations",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "kind", enum_column("kind", "country", "city", "township", "district"), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("translations", Json),
        sa.Column("country_pk", BigId),
        sa.Column("city_pk", BigId),
        sa.Column("township_pk", BigId),
        sa.Column("priority", BigId),
        sa.Column("postcode", sa.Text()),
        sa.ForeignKeyConstraint(["city_pk"], ["locations.pk"], name=op.f("fk_locations_city_pk")),
        sa.ForeignKeyConstraint(
            ["country_pk"], ["locations.pk"], name=op.f("fk_locations_country_pk")
        ),
        sa.ForeignKeyConstraint(
            ["township_pk"], ["locations.pk"], name=op.f("fk_locations_township_pk")
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_locations")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_locations_content_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_locations_uuid")),
    )
    op.create_table(
        "addresses",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("user_pk", BigId, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("country_pk", BigId, nullable=False),
        sa.Column("city_pk", BigId, nullable=False),
        sa.Column("township_pk", BigId),
        sa.Column("district_pk", BigId),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text()),
        sa.Column("notes", sa.Text()),
        sa.Column("company_name", sa.Text()),
        sa.Column("tax_office", sa.Text()),
        sa.Column("tax_no", sa.Text()),
        sa.Column("e_bill_taxpayer", sa.Boolean()),
        sa.Column(
            "address_type", enum_column("address_type", "customer", "retail_store"), nullable=False
        ),
        sa.Column("retail_store", Json),
        sa.Column("remote_id", sa.Text()),
        sa.Column("identity_number", sa.Text()),
        sa.Column("extra_field", Json),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_corporate", sa.Boolean()),
        sa.Column("primary", sa.Boolean()),
        sa.ForeignKeyConstraint(["city_pk"], ["locations.pk"], name=op.f("fk_addresses_city_pk")),
        sa.ForeignKeyConstraint(
            ["country_pk"], ["locations.pk"], name=op.f("fk_addresses_country_pk")
        ),
        sa.ForeignKeyConstraint(
            ["district_pk"], ["locations.pk"], name=op.f("fk_addresses_district_pk")
        ),
        sa.ForeignKeyConstraint(
            ["township_pk"], ["locations.pk"], name=op.f("fk_addresses_township_pk")
        ),
        sa.ForeignKeyConstraint(["user_pk"], ["users.pk"], name=op.f("fk_addresses_user_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_addresses")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_addresses_content_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_addresses_uuid")),
    )
    op.create_index(op.f("ix_addresses_user_pk"), "addresses", ["user_pk"])
    op.create_table(
        "products",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("base_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("image", sa.Text()),
        sa.Column("absolute_url", sa.Text(), nullable=False),
        sa.Column("attributes", Json, nullable=False),
        sa.Column("attributes_kwargs", Json, nullable=False),
        sa.Column("form_schema", Json, nullable=False),
        sa.Column("data_source", Json),
        sa.Column("extra_attributes", Json, nullable=False),
        sa.Column("category", Json),
        sa.Column("attribute_set", Json, nullable=False),
        sa.Column("translations", Json),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_products")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_products_content_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_products_uuid")),
    )
    op.create_table(
        "payment_options",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payment_type", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_payment_options")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_payment_options_content_hash")),
    )
    op.create_table(
        "banks",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("logo", sa.Text()),
        sa.Column("logo_path", sa.Text()),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_banks")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_banks_content_hash")),
    )
    op.create_table(
        "shipping_companies",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_shipping_companies")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_shipping_companies_content_hash")),
    )
    op.create_table(
        "shipping_option_groups",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("amount", BigId, nullable=False),
        sa.Column("currency", enum_column("currency", *CURRENCIES), nullable=False),
        sa.Column("shipping_option_name", sa.Text(), nullable=False),
        sa.Column("shipping_option_logo", sa.Text()),
        sa.CheckConstraint(
            "amount >= 0", name=op.f("ck_shipping_option_groups_amount_not_negative")
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_shipping_option_groups")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_shipping_option_groups_content_hash")),
    )
    op.create_table(
        "easy_return_shipping_companies",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("shipping_company_pk", BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("requires_pickup_address", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shipping_company_pk"],
            ["shipping_companies.pk"],
            name=op.f("fk_easy_return_shipping_companies_shipping_company_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_easy_return_shipping_companies")),
        sa.UniqueConstraint(
            "content_hash", name=op.f("uq_easy_return_shipping_companies_content_hash")
        ),
    )
