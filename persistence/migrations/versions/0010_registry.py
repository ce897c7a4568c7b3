"""Reasons, return carriers and sellers that a shop manages, and removed personal data."""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True)
SUBJECTS = (
    *("order", "order_item", "cancellation_request", "cancellation_plan", "trade_in_offer"),
    *("cancellation_reason", "return_carrier", "seller", "user"),
)
# The UUID of each is the one that an import gives to a reason of this content, so that documents
# with these reasons name these rows. Columns: UUID, type, order, whether the shopper must say more,
# English, Turkish.
REASONS = (
    ("4920fbce-9bc5-5618-a9e8-ea9f7bf6cf75", "cancel", 10, False, "I changed my mind", "Vazgeçtim"),
    (
        "d0c21f86-4c7b-5825-9e95-bd8f338a2d3b",
        "cancel",
        20,
        False,
        "I found it cheaper elsewhere",
        "Daha uygun fiyata buldum",
    ),
    (
        "5642a030-ebc6-58a9-85b7-a161a74b1ae1",
        "cancel",
        30,
        False,
        "Delivery takes too long",
        "Teslimat çok uzun sürüyor",
    ),
    (
        "9ba8bb0a-b083-5a4e-8e88-eefd8bad703a",
        "cancel",
        40,
        False,
        "I ordered it by mistake",
        "Yanlışlıkla sipariş verdim",
    ),
    ("4134a54c-bf62-5a14-b2a6-2d2ac276e2ad", "cancel", 100, True, "Other", "Diğer"),
    (
        "64b50853-e0ff-5fcc-8e59-1af47fe957b9",
        "refund",
        10,
        False,
        "It does not fit",
        "Bedeni uymadı",
    ),
    (
        "18a67b9f-64b2-5300-af2c-c5c28f0f234e",
        "refund",
        20,
        True,
        "It arrived damaged",
        "Hasarlı geldi",
    ),
    (
        "6c7cd34c-c94f-5b12-962d-9f751c010896",
        "refund",
        30,
        False,
        "I got the wrong product",
        "Yanlış ürün aldım",
    ),
    (
        "19fca7be-e795-5282-ab47-67fb978c9abd",
        "refund",
        40,
        False,
        "It is not as described",
        "Açıklandığı gibi değil",
    ),
    ("3e02d020-a602-55d3-bc53-5482872e0043", "refund", 50, False, "I changed my mind", "Vazgeçtim"),
    ("247b8009-2506-5c91-8540-d5dabbc5893c", "refund", 100, True, "Other", "Diğer"),
)


def upgrade() -> None:
    op.add_column(
        "sellers", sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    for table in ("orders", "old_orders"):
        op.add_column(table, sa.Column("erased_date", sa.DateTime(timezone=True)))
    _create_return_carriers()
    _index_what_is_tidied()
    # Nothing references these rows, so that this table can be copied.
    with op.batch_alter_table("audit_entries") as audit_entries:
        audit_entries.drop_constraint(op.f("ck_audit_entries_subject"), type_="check")
        subjects = ", ".join(f"'{subject}'" for subject in SUBJECTS)
        audit_entries.create_check_constraint(
            op.f("ck_audit_entries_subject"), sa.text(f"subject IN ({subjects})")
        )
    if not op.get_context().as_sql:  # which depends on stored rows
        install_reasons()


def _create_return_carriers() -> None:
    op.create_table(
        "return_carriers",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("company_pk", BigId, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_date", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_pk"],
            ["easy_return_shipping_companies.pk"],
            name=op.f("fk_return_carriers_company_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_return_carriers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_return_carriers_uuid")),
        sa.UniqueConstraint("company_pk", name=op.f("uq_return_carriers_company_pk")),
    )
    op.add_column(
        "order_item_easy_return_companies",
        sa.Column("is_shops", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def _index_what_is_tidied() -> None:
    has_account = sa.text("iban IS NOT NULL OR holder_name IS NOT NULL")
    op.create_index(
        "ix_cancellation_requests_accounts",
        "cancellation_requests",
        ["modified_date"],
        sqlite_where=has_account,
        postgresql_where=has_account,
    )


def install_reasons() -> None:
    """Give a shop without any active reason a set to begin with."""
    reasons = sa.table(
        "cancellation_reasons",
        sa.column("uuid", sa.Uuid()),
        sa.column("cancellation_type", sa.Text()),
        sa.column("translations", Json),
        sa.column("extra_information_needed", sa.Boolean()),
        sa.column("order", sa.Integer()),
        sa.column("is_active", sa.Boolean()),
        sa.column("created_date", sa.DateTime(timezone=True)),
        sa.column("modified_date", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    active = sa.select(reasons.c.uuid).where(reasons.c.is_active.is_(sa.true()))
    if connection.execute(active.limit(1)).first() is not None:
        return
    known = set(connection.scalars(sa.select(reasons.c.uuid)))
    now = datetime.now(UTC)
    if connection.dialect.name == "sqlite":  # it keeps moments in UTC, without saying so
        now = now.replace(tzinfo=None)
    rows = [
        {
            "uuid": UUID(uuid),
            "cancellation_type": cancellation_type,
            "translations": {"en-us": {"subject": english}, "tr-tr": {"subject": turkish}},
            "extra_information_needed": says_more,
            "order": order,
            "is_active": True,
            "created_date": now,
            "modified_date": now,
        }
        for uuid, cancellation_type, order, says_more, english, turkish in REASONS
        if UUID(uuid) not in known
    ]
    if rows:
        connection.execute(sa.insert(reasons), rows)
