"""Old orders and their stored documents."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CodePointText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
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
        "old_orders",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("user_pk", BigId, nullable=False),
        sa.Column("number", CodePointText, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("user_email", CodePointText, nullable=False),
        sa.Column("status", CodePointText, nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", BigId, nullable=False),
        sa.Column("discount_amount", BigId, nullable=False),
        sa.Column("currency", enum_column("currency", *CURRENCIES), nullable=False),
        sa.Column("payment_type", CodePointText),
        sa.Column("bank", CodePointText),
        sa.Column("installment_count", sa.Integer(), nullable=False),
        sa.Column("tracking_number", CodePointText),
        sa.Column("shipping_company", CodePointText),
        sa.Column("shipping_company_label", sa.Text()),
        sa.Column("shipping_address", CodePointText),
        sa.Column("billing_address", CodePointText),
        sa.Column("extra_field", Json, nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_old_orders_amount_not_negative")),
        sa.CheckConstraint(
            "discount_amount >= 0", name=op.f("ck_old_orders_discount_amount_not_negative")
        ),
        sa.CheckConstraint(
            "installment_count BETWEEN 0 AND 1000000", name=op.f("ck_old_orders_installment_count")
        ),
        sa.CheckConstraint("length(bank) <= 100", name=op.f("ck_old_orders_bank_length")),
        sa.CheckConstraint("length(number) <= 64", name=op.f("ck_old_orders_number_length")),
        sa.CheckConstraint(
            "length(payment_type) <= 100", name=op.f("ck_old_orders_payment_type_length")
        ),
        sa.CheckConstraint(
            "length(shipping_company) <= 100", name=op.f("ck_old_orders_shipping_company_length")
        ),
        sa.CheckConstraint("length(status) <= 64", name=op.f("ck_old_orders_status_length")),
        sa.CheckConstraint(
            "length(tracking_number) <= 100", name=op.f("ck_old_orders_tracking_number_length")
        ),
        sa.CheckConstraint(
            "length(user_email) <= 254", name=op.f("ck_old_orders_user_email_length")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_old_orders_version")),
        sa.ForeignKeyConstraint(["user_pk"], ["users.pk"], name=op.f("fk_old_orders_user_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_old_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_old_orders_number")),
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_amount_pk"), "old_orders", ["user_pk", "amount", "pk"]
    )
    op.create_index(op.f("ix_old_orders_user_pk_bank_pk"), "old_orders", ["user_pk", "bank", "pk"])
    op.create_index(
        op.f("ix_old_orders_user_pk_created_date_pk"),
        "old_orders",
        ["user_pk", "created_date", "pk"],
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_currency_pk"), "old_orders", ["user_pk", "currency", "pk"]
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_discount_amount_pk"),
        "old_orders",
        ["user_pk", "discount_amount", "pk"],
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_installment_count_pk"),
        "old_orders",
        ["user_pk", "installment_count", "pk"],
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_number_pk"), "old_orders", ["user_pk", "number", "pk"]
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_payment_type_pk"),
        "old_orders",
        ["user_pk", "payment_type", "pk"],
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_shipping_company_pk"),
        "old_orders",
        ["user_pk", "shipping_company", "pk"],
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_status_pk"), "old_orders", ["user_pk", "status", "pk"]
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_tracking_number_pk"),
        "old_orders",
        ["user_pk", "tracking_number", "pk"],
    )
    op.create_index(
        op.f("ix_old_orders_user_pk_user_email_pk"), "old_orders", ["user_pk", "user_email", "pk"]
    )
    op.create_table(
        "old_order_items",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("old_order_pk", BigId, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product", sa.Text()),
        sa.Column("sku", sa.Text()),
        sa.Column("quantity", sa.Integer()),
        sa.Column("price", BigId, nullable=False),
        sa.Column("image", sa.Text()),
        sa.Column("image_url", sa.Text()),
        sa.Column("extra_field", Json, nullable=False),
        sa.CheckConstraint("line >= 1", name=op.f("ck_old_order_items_line")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_old_order_items_price_not_negative")),
        sa.CheckConstraint(
            "quantity BETWEEN 0 AND 1000000", name=op.f("ck_old_order_items_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["old_order_pk"],
            ["old_orders.pk"],
            name=op.f("fk_old_order_items_old_order_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_old_order_items")),
        sa.UniqueConstraint(
            "old_order_pk", "line", name=op.f("uq_old_order_items_old_order_pk_line")
        ),
    )
    op.create_table(
        "old_order_documents",
        sa.Column("old_order_pk", BigId, nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["old_order_pk"],
            ["old_orders.pk"],
            name=op.f("fk_old_order_documents_old_order_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("old_order_pk", "language", name=op.f("pk_old_order_documents")),
    )
    op.create_table(
        "old_order_imports",
        sa.Column("old_order_pk", BigId, autoincrement=False, nullable=False),
        sa.Column("document_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["old_order_pk"],
            ["old_orders.pk"],
            name=op.f("fk_old_order_imports_old_order_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("old_order_pk", name=op.f("pk_old_order_imports")),
    )
