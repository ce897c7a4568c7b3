"""Sellers' tokens, their rows of orders, and indexes for their lists."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CodePointText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
CURRENCIES = (
    *("try", "usd", "eur", "egp", "gbp", "mad", "pln", "sar", "ron", "uah", "czk", "huf"),
    *("rub", "bgn", "iqd", "kwd", "bhd", "omr", "qar", "aed", "ngn", "jod", "brl"),
)
CANCEL_STATUSES = (
    "waiting",
    "confirmation_waiting",
    "confirmed",
    "approved",
    "rejected",
    "waiting_for_payment",
    "manuel_refund_need",
    "completed",
)
AMOUNTS = (
    "amount",
    "discount_amount",
    "shipping_amount",
    "refund_amount",
    "discount_refund_amount",
    "shipping_refund_amount",
)
KINDS = (
    "cancellation_received",
    "cancellation_approved",
    "cancellation_rejected",
    "cancellation_completed",
    "item_rejected",
    "trade_in_offered",
    "trade_in_approved",
    "trade_in_rejected",
)


def enum_column(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _create_seller_orders()
    _create_seller_tokens()
    _extend_plans()
    _share_shipping()
    _sort_by_seller()
    # Nothing hangs on these rows, so that this table can be copied.
    with op.batch_alter_table("outbox_events") as outbox_events:
        outbox_events.drop_constraint(op.f("ck_outbox_events_kind"), type_="check")
        kinds = ", ".join(f"'{kind}'" for kind in KINDS)
        outbox_events.create_check_constraint(
            op.f("ck_outbox_events_kind"), sa.text(f"kind IN ({kinds})")
        )


def _create_seller_orders() -> None:
    named = {
        "seller_pk": "sellers.pk",
        "shipping_company_pk": "shipping_companies.pk",
        "shipping_address_pk": "addresses.pk",
        "billing_address_pk": "addresses.pk",
    }
    op.create_table(
        "seller_orders",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("order_pk", BigId, nullable=False),
        sa.Column("seller_pk", BigId, nullable=False),
        sa.Column("number", CodePointText, nullable=False),
        sa.Column("number_folded", CodePointText, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("cancel_status", enum_column("cancel_status", *CANCEL_STATUSES)),
        sa.Column("currency", enum_column("currency", *CURRENCIES), nullable=False),
        *(sa.Column(amount, BigId, nullable=False) for amount in AMOUNTS),
        sa.Column("has_gift_box", sa.Boolean()),
        sa.Column("invoice_number", sa.Text()),
        sa.Column("invoice_date", sa.DateTime(timezone=True)),
        sa.Column("e_archive_url", sa.Text()),
        sa.Column("tracking_number", sa.Text()),
        sa.Column("shipping_company_pk", BigId),
        sa.Column("shipping_address_pk", BigId, nullable=False),
        sa.Column("billing_address_pk", BigId, nullable=False),
        sa.Column("date_placed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.CheckConstraint(
                f"{amount} >= 0", name=op.f(f"ck_seller_orders_{amount}_not_negative")
            )
            for amount in AMOUNTS
        ),
        sa.CheckConstraint("length(number) <= 64", name=op.f("ck_seller_orders_number_length")),
        sa.ForeignKeyConstraint(
            ["order_pk"], ["orders.pk"], name=op.f("fk_seller_orders_order_pk"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_seller_orders_{name}"))
            for name, target in named.items()
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_seller_orders")),
        sa.UniqueConstraint("uuid", name=op.f("uq_seller_orders_uuid")),
        sa.UniqueConstraint(
            "order_pk", "seller_pk", name=op.f("uq_seller_orders_order_pk_seller_pk")
        ),
    )
    for columns in (
        ("date_placed", "pk"),
        ("updated_at", "pk"),
        ("status", "date_placed", "pk"),
        ("number",),
        ("shipping_address_pk",),
        ("billing_address_pk",),
    ):
        name = op.f(f"ix_seller_orders_{'_'.join(('seller_pk', *columns))}")
        op.create_index(name, "seller_orders", ["seller_pk", *columns])


def _create_seller_tokens() -> None:
    op.create_table(
        "seller_tokens",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("seller_pk", BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_date", sa.DateTime(timezone=True)),
        sa.Column("last_used_day", sa.Date()),
        sa.CheckConstraint("length(token_hash) = 32", name=op.f("ck_seller_tokens_token_hash")),
        sa.ForeignKeyConstraint(
            ["seller_pk"], ["sellers.pk"], name=op.f("fk_seller_tokens_seller_pk")
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_seller_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_seller_tokens_token_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_seller_tokens_uuid")),
    )
    op.create_index(op.f("ix_seller_tokens_seller_pk"), "seller_tokens", ["seller_pk"])


def _extend_plans() -> None:
    op.add_column("cancellation_plans", sa.Column("invoice_number", sa.Text()))
    op.add_column(
        "cancellation_plans",
        sa.Column("payment_plan", sa.Text(), nullable=False, server_default="{}"),
    )


def _share_shipping() -> None:
    """Say how much of the shipping that a request gives back is its seller's: by the prices.

    What rounding down loses is no seller's; the order's own amounts do not change.
    """
    own = "own_shipping_refund_amount"
    op.add_column("cancellation_plan_items", sa.Column(own, BigId))
    op.execute("""
        UPDATE cancellation_plan_items SET own_shipping_refund_amount = coalesce(
            shipping_refund_amount * (
                SELECT CAST(sum(line.price - line.discount_amount) AS bigint) FROM order_items line
                JOIN cancellation_plans plan ON plan.order_pk = line.order_pk
                WHERE plan.pk = plan_pk AND line.seller_pk IS NOT DISTINCT FROM plan.seller_pk
            ) / nullif((
                SELECT CAST(sum(line.price - line.discount_amount) AS bigint) FROM order_items line
                JOIN cancellation_plans plan ON plan.order_pk = line.order_pk
                WHERE plan.pk = plan_pk
            ), 0), 0)
    """)
    with op.batch_alter_table("cancellation_plan_items") as items:
        items.alter_column(own, existing_type=BigId, nullable=False)
        items.create_check_constraint(
            op.f("ck_cancellation_plan_items_own_shipping_within_shipping"),
            sa.text(f"{own} <= shipping_refund_amount"),
        )
        items.create_check_constraint(
            op.f(f"ck_cancellation_plan_items_{own}_not_negative"), sa.text(f"{own} >= 0")
        )


def _sort_by_seller() -> None:
    for table, columns in (
        ("order_items", ("created_date", "modified_date")),
        ("cancellation_plans", ("created_date",)),
    ):
        op.drop_index(op.f(f"ix_{table}_seller_pk"), table_name=table)
        for column in columns:
            name = op.f(f"ix_{table}_seller_pk_{column}_pk")
            op.create_index(name, table, ["seller_pk", column, "pk"])
