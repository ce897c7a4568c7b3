"""One-time tokens, tokens of the shop's own systems, and e-mails and audit entries about users."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = (
    "cancellation_received",
    "cancellation_approved",
    "cancellation_rejected",
    "cancellation_completed",
    "item_rejected",
    "trade_in_offered",
    "trade_in_approved",
    "trade_in_rejected",
    "password_reset",
    "password_changed",
)
SUBJECTS = (
    "order",
    "order_item",
    "cancellation_request",
    "cancellation_plan",
    "trade_in_offer",
    "user",
)
OWNER = (
    "CASE WHEN seller_pk IS NULL THEN scopes = 'shoppers:login'"
    " ELSE scopes NOT LIKE '%shoppers:%' END"
)


def enum_column(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "one_time_tokens",
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("purpose", enum_column("purpose", "password_reset", "handover"), nullable=False),
        sa.Column("user_pk", BigId, nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_date", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["user_pk"], ["users.pk"], name=op.f("fk_one_time_tokens_user_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_one_time_tokens")),
    )
    op.create_index(op.f("ix_one_time_tokens_expires_date"), "one_time_tokens", ["expires_date"])
    op.create_index(op.f("ix_one_time_tokens_user_pk"), "one_time_tokens", ["user_pk"])
    # No row refers to a row of these tables, so that they can be copied.
    with op.batch_alter_table("seller_tokens") as seller_tokens:
        seller_tokens.alter_column("seller_pk", existing_type=BigId, nullable=True)
        seller_tokens.create_check_constraint(op.f("ck_seller_tokens_owner"), sa.text(OWNER))
    _allow("outbox_events", "kind", KINDS)
    _allow("audit_entries", "subject", SUBJECTS)


def _allow(table: str, column: str, values: tuple[str, ...]) -> None:
    name = f"ck_{table}_{column}"
    allowed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as altered:
        altered.drop_constraint(op.f(name), type_="check")
        altered.create_check_constraint(op.f(name), sa.text(f"{column} IN ({allowed})"))
