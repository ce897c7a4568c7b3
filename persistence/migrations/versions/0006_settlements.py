"""Cancellation plans, trade-in offers, the audit trail, the outbox and idempotency keys."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True)
STATES = (
    "waiting",
    "approved",
    "package_waiting",
    "packaged",
    "shipped",
    "delivered",
    "cancellation_waiting",
    "cancelled",
    "rejected",
    "refunded",
)
PLAN_STATUSES = (
    "waiting",
    "waiting_supplier",
    "approved",
    "confirmation_waiting",
    "confirmed",
    "waiting_for_payment",
    "manuel_refund_need",
    "rejected",
    "completed",
    "cancelled",
    "failed",
)
SUBJECTS = ("order", "order_item", "cancellation_request", "cancellation_plan", "trade_in_offer")
KINDS = (
    "cancellation_received",
    "cancellation_approved",
    "cancellation_rejected",
    "cancellation_completed",
    "trade_in_offered",
    "trade_in_approved",
    "trade_in_rejected",
)


def enum_column(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _extend_tables()
    _create_plans()
    _create_trade_in_offers()
    _create_audit_trail()
    _create_outbox()
    _create_idempotency_keys()


def _extend_tables() -> None:
    # SQLite has no other way to add a constrained column than with the column itself; copying the
    # table would delete, by cascade, all that hangs on its rows.
    states = ", ".join(f"'{state}'" for state in STATES)
    op.execute(
        "ALTER TABLE order_items ADD COLUMN state_before_cancellation VARCHAR(32)"
        " CONSTRAINT ck_order_items_state_before_cancellation"
        f" CHECK (state_before_cancellation IN ({states}))"
    )
    # Nothing hangs on these rows, so that this table can be copied.
    with op.batch_alter_table("easy_returns") as easy_returns:
        easy_returns.add_column(sa.Column("pickup_address_pk", BigId))
        easy_returns.create_foreign_key(
            op.f("fk_easy_returns_pickup_address_pk"), "addresses", ["pickup_address_pk"], ["pk"]
        )
    op.create_index(
        op.f("ix_cancellation_requests_status_created_date_pk"),
        "cancellation_requests",
        ["status", "created_date", "pk"],
    )


def _create_plans() -> None:
    op.create_table(
        "cancellation_plans",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("order_pk", BigId, nullable=False),
        sa.Column("seller_pk", BigId),
        sa.Column("plan_type", enum_column("plan_type", "cancel", "refund"), nullable=False),
        sa.Column("status", enum_column("status", *PLAN_STATUSES), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_date", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_pk"],
            ["orders.pk"],
            name=op.f("fk_cancellation_plans_order_pk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["seller_pk"], ["sellers.pk"], name=op.f("fk_cancellation_plans_seller_pk")
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_cancellation_plans")),
        sa.UniqueConstraint("uuid", name=op.f("uq_cancellation_plans_uuid")),
    )
    for column in ("order_pk", "seller_pk"):
        op.create_index(op.f(f"ix_cancellation_plans_{column}"), "cancellation_plans", [column])
    amounts = ("refund_amount", "discount_refund_amount", "shipping_refund_amount")
    op.create_table(
        "cancellation_plan_items",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("plan_pk", BigId, nullable=False),
        sa.Column("request_pk", BigId, nullable=False),
        *(sa.Column(amount, BigId, nullable=False) for amount in amounts),
        *(
            sa.CheckConstraint(
                f"{amount} >= 0", name=op.f(f"ck_cancellation_plan_items_{amount}_not_negative")
            )
            for amount in amounts
        ),
        sa.CheckConstraint(
            "shipping_refund_amount <= refund_amount",
            name=op.f("ck_cancellation_plan_items_shipping_within_refund"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_pk"],
            ["cancellation_plans.pk"],
            name=op.f("fk_cancellation_plan_items_plan_pk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["request_pk"],
            ["cancellation_requests.pk"],
            name=op.f("fk_cancellation_plan_items_request_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_cancellation_plan_items")),
        sa.UniqueConstraint("request_pk", name=op.f("uq_cancellation_plan_items_request_pk")),
    )
    op.create_index(
        op.f("ix_cancellation_plan_items_plan_pk"), "cancellation_plan_items", ["plan_pk"]
    )


def _create_trade_in_offers() -> None:
    states = enum_column("state", "open", "approved", "rejected", "expired")
    op.create_table(
        "trade_in_offers",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("order_item_pk", BigId, nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("expires_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_date", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_item_pk"],
            ["order_items.pk"],
            name=op.f("fk_trade_in_offers_order_item_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_trade_in_offers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_trade_in_offers_uuid")),
    )
    op.create_index(op.f("ix_trade_in_offers_order_item_pk"), "trade_in_offers", ["order_item_pk"])
    op.create_index(
        "uq_trade_in_offers_open",
        "trade_in_offers",
        ["order_item_pk"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_audit_trail() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("subject", enum_column("subject", *SUBJECTS), nullable=False),
        sa.Column("subject_uuid", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.Text()),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_subject_uuid"), "audit_entries", ["subject_uuid"])


def _create_outbox() -> None:
    statuses = enum_column("status", "pending", "delivered", "dead")
    op.create_table(
        "outbox_events",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("kind", enum_column("kind", *KINDS), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("status", statuses, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_date", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text()),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_events_attempts_not_negative")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_outbox_events")),
        sa.UniqueConstraint("uuid", name=op.f("uq_outbox_events_uuid")),
    )
    op.create_index(
        op.f("ix_outbox_events_status_due_date_pk"), "outbox_events", ["status", "due_date", "pk"]
    )


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("content_type", sa.Text()),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_date"), "idempotency_keys", ["created_date"])
