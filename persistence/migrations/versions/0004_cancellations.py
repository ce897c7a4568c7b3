"""Cancellation reasons and requests."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True)


def enum_column(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "cancellation_reasons",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column(
            "cancellation_type",
            enum_column("cancellation_type", "cancel", "refund"),
            nullable=False,
        ),
        sa.Column("translations", Json, nullable=False),
        sa.Column("extra_information_needed", sa.Boolean(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_date", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_cancellation_reasons")),
        sa.UniqueConstraint("uuid", name=op.f("uq_cancellation_reasons_uuid")),
    )
    op.create_table(
        "cancellation_requests",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("order_item_pk", BigId, nullable=False),
        sa.Column("reason_pk", BigId, nullable=False),
        sa.Column(
            "cancellation_type",
            enum_column("cancellation_type", "cancel", "refund"),
            nullable=False,
        ),
        sa.Column(
            "status",
            enum_column("status", "open", "approved", "rejected", "completed"),
            nullable=False,
        ),
        sa.Column("description", sa.Text()),
        sa.Column("iban", sa.Text()),
        sa.Column("holder_name", sa.Text()),
        sa.Column("quantity", sa.Integer()),
        sa.Column("fully_refund_as_loyalty_money", sa.Boolean()),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_date", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quantity BETWEEN 1 AND 1000000", name=op.f("ck_cancellation_requests_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["order_item_pk"],
            ["order_items.pk"],
            name=op.f("fk_cancellation_requests_order_item_pk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reason_pk"],
            ["cancellation_reasons.pk"],
            name=op.f("fk_cancellation_requests_reason_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_cancellation_requests")),
        sa.UniqueConstraint("uuid", name=op.f("uq_cancellation_requests_uuid")),
    )
    op.create_index(
        op.f("ix_cancellation_requests_order_item_pk"), "cancellation_requests", ["order_item_pk"]
    )
    op.create_index(
        "uq_cancellation_requests_open",
        "cancellation_requests",
        ["order_item_pk", "cancellation_type"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "easy_returns",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("cancellation_request_pk", BigId, nullable=False),
        sa.Column("shipping_company_pk", BigId, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("start_date", sa.DateTime(timezone=True)),
        sa.Column("end_date", sa.DateTime(timezone=True)),
        sa.Column("tracking_number", sa.Text()),
        sa.Column("tracking_url", sa.Text()),
        sa.Column("pickup_date", sa.Date()),
        sa.Column("pickup_start", sa.Time()),
        sa.Column("pickup_end", sa.Time()),
        sa.ForeignKeyConstraint(
            ["cancellation_request_pk"],
            ["cancellation_requests.pk"],
            name=op.f("fk_easy_returns_cancellation_request_pk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["shipping_company_pk"],
            ["shipping_companies.pk"],
            name=op.f("fk_easy_returns_shipping_company_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_easy_returns")),
        sa.UniqueConstraint(
            "cancellation_request_pk", name=op.f("uq_easy_returns_cancellation_request_pk")
        ),
    )
    op.create_table(
        "cancellation_request_images",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("cancellation_request_pk", BigId, nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("is_uploaded_by_user", sa.Boolean(), nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_date", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cancellation_request_pk"],
            ["cancellation_requests.pk"],
            name=op.f("fk_cancellation_request_images_cancellation_request_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_cancellation_request_images")),
    )
    op.create_index(
        op.f("ix_cancellation_request_images_cancellation_request_pk"),
        "cancellation_request_images",
        ["cancellation_request_pk"],
    )
