"""Orders with their parts, and their stored documents."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
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
        "orders",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("user_pk", BigId, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("state", enum_column("state", *STATES), nullable=False),
        sa.Column("order_type", enum_column("order_type", "regular", "addon", "replacement")),
        sa.Column("currency", enum_column("currency", *CURRENCIES), nullable=False),
        sa.Column("shipping_amount", BigId, nullable=False),
        sa.Column("shipping_tax_rate", sa.Integer()),
        sa.Column("refund_amount", BigId, nullable=False),
        sa.Column("discount_refund_amount", BigId, nullable=False),
        sa.Column("shipping_refund_amount", BigId, nullable=False),
        sa.Column("installment_count", sa.Integer(), nullable=False),
        sa.Column("installment_interest_amount", BigId, nullable=False),
        sa.Column("payment_pending", sa.Boolean(), nullable=False),
        sa.Column("user_email", sa.Text(), nullable=False),
        sa.Column("client_type", sa.Text(), nullable=False),
        sa.Column("language_code", sa.Text()),
        sa.Column("remote_addr", sa.Text()),
        sa.Column("has_gift_box", sa.Boolean()),
        sa.Column("gift_box_note", sa.Text()),
        sa.Column("notes", sa.Text()),
        sa.Column("bin_number", sa.Text()),
        sa.Column("tracking_url", sa.Text()),
        sa.Column("defined_tracking_url", sa.Text()),
        sa.Column("shipping_tracking_url", sa.Text()),
        sa.Column("tracking_number", sa.Text()),
        sa.Column("invoice_number", sa.Text()),
        sa.Column("invoice_date", sa.DateTime(timezone=True)),
        sa.Column("e_archive_url", sa.Text()),
        sa.Column("delivery_range", sa.DateTime(timezone=True)),
        sa.Column("shipping_option_slug", sa.Text()),
        sa.Column("basket", BigId),
        sa.Column("shipping_option", BigId),
        sa.Column("card", BigId),
        sa.Column("installment", BigId),
        sa.Column("segment", BigId),
        sa.Column("checkout_provider", sa.Text()),
        sa.Column("extra_field", Json),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shipping_address_pk", BigId, nullable=False),
        sa.Column("billing_address_pk", BigId, nullable=False),
        sa.Column("payment_option_pk", BigId, nullable=False),
        sa.Column("bank_pk", BigId),
        sa.Column("shipping_company_pk", BigId),
        sa.CheckConstraint(
            "discount_refund_amount >= 0",
            name=op.f("ck_orders_discount_refund_amount_not_negative"),
        ),
        sa.CheckConstraint(
            "installment_count BETWEEN 0 AND 1000000", name=op.f("ck_orders_installment_count")
        ),
        sa.CheckConstraint(
            "installment_interest_amount >= 0",
            name=op.f("ck_orders_installment_interest_amount_not_negative"),
        ),
        sa.CheckConstraint("length(number) <= 64", name=op.f("ck_orders_number_length")),
        sa.CheckConstraint("refund_amount >= 0", name=op.f("ck_orders_refund_amount_not_negative")),
        sa.CheckConstraint(
            "shipping_amount >= 0", name=op.f("ck_orders_shipping_amount_not_negative")
        ),
        sa.CheckConstraint(
            "shipping_refund_amount >= 0",
            name=op.f("ck_orders_shipping_refund_amount_not_negative"),
        ),
        sa.CheckConstraint(
            "shipping_tax_rate >= 0", name=op.f("ck_orders_shipping_tax_rate_not_negative")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_orders_version")),
        sa.ForeignKeyConstraint(["bank_pk"], ["banks.pk"], name=op.f("fk_orders_bank_pk")),
        sa.ForeignKeyConstraint(
            ["billing_address_pk"], ["addresses.pk"], name=op.f("fk_orders_billing_address_pk")
        ),
        sa.ForeignKeyConstraint(
            ["payment_option_pk"], ["payment_options.pk"], name=op.f("fk_orders_payment_option_pk")
        ),
        sa.ForeignKeyConstraint(
            ["shipping_address_pk"], ["addresses.pk"], name=op.f("fk_orders_shipping_address_pk")
        ),
        sa.ForeignKeyConstraint(
            ["shipping_company_pk"],
            ["shipping_companies.pk"],
            name=op.f("fk_orders_shipping_company_pk"),
        ),
        sa.ForeignKeyConstraint(["user_pk"], ["users.pk"], name=op.f("fk_orders_user_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
        sa.UniqueConstraint("uuid", name=op.f("uq_orders_uuid")),
    )
    op.create_index(
        op.f("ix_orders_user_pk_created_date_pk"), "orders", ["user_pk", "created_date", "pk"]
    )
    op.create_index(op.f("ix_orders_user_pk_pk"), "orders", ["user_pk", "pk"])
    op.create_table(
        "order_items",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("order_pk", BigId, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product_pk", BigId, nullable=False),
        sa.Column("seller_pk", BigId),
        sa.Column("state", enum_column("state", *STATES), nullable=False),
        sa.Column(
            "cancel_status",
            enum_column(
                "cancel_status",
                "waiting",
                "confirmation_waiting",
                "confirmed",
                "approved",
                "rejected",
                "waiting_for_payment",
                "manuel_refund_need",
                "completed",
            ),
        ),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cancelled_quantity", sa.Integer(), nullable=False),
        sa.Column("refunded_quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", BigId, nullable=False),
        sa.Column("price", BigId, nullable=False),
        sa.Column("tax_rate", sa.Integer(), nullable=False),
        sa.Column("retail_price", BigId),
        sa.Column("discount_amount", BigId, nullable=False),
        sa.Column("shipping_company_pk", BigId),
        sa.Column("shipping_option_group_pk", BigId),
        sa.Column("tracking_url", sa.Text()),
        sa.Column("defined_tracking_url", sa.Text()),
        sa.Column("shipping_tracking_url", sa.Text()),
        sa.Column("tracking_number", sa.Text()),
        sa.Column("invoice_number", sa.Text()),
        sa.Column("invoice_date", sa.DateTime(timezone=True)),
        sa.Column("e_archive_url", sa.Text()),
        sa.Column("estimated_delivery_date", sa.Date()),
        sa.Column("shipped_date", sa.DateTime(timezone=True)),
        sa.Column("delivered_date", sa.DateTime(timezone=True)),
        sa.Column("image", sa.Text()),
        sa.Column("attributes", Json),
        sa.Column("attributes_kwargs", Json),
        sa.Column("localized_attributes", Json),
        sa.Column("localized_attributes_kwargs", Json),
        sa.Column("extra_field", Json),
        sa.Column("extra_product_stock_detailed", Json),
        sa.Column("extra_product_price_detailed", Json),
        sa.Column("parent", BigId),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_date", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cancelled_quantity >= 0 AND refunded_quantity >= 0"
            " AND cancelled_quantity + refunded_quantity <= quantity",
            name=op.f("ck_order_items_quantities_left"),
        ),
        sa.CheckConstraint(
            "discount_amount <= price", name=op.f("ck_order_items_discount_within_price")
        ),
        sa.CheckConstraint(
            "discount_amount >= 0", name=op.f("ck_order_items_discount_amount_not_negative")
        ),
        sa.CheckConstraint("line >= 1", name=op.f("ck_order_items_line")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_order_items_price_not_negative")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 1000000", name=op.f("ck_order_items_quantity")),
        sa.CheckConstraint(
            "retail_price >= 0", name=op.f("ck_order_items_retail_price_not_negative")
        ),
        sa.CheckConstraint("tax_rate >= 0", name=op.f("ck_order_items_tax_rate_not_negative")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_order_items_unit_price_not_negative")),
        sa.ForeignKeyConstraint(
            ["order_pk"], ["orders.pk"], name=op.f("fk_order_items_order_pk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_pk"], ["products.pk"], name=op.f("fk_order_items_product_pk")
        ),
        sa.ForeignKeyConstraint(
            ["seller_pk"], ["sellers.pk"], name=op.f("fk_order_items_seller_pk")
        ),
        sa.ForeignKeyConstraint(
            ["shipping_company_pk"],
            ["shipping_companies.pk"],
            name=op.f("fk_order_items_shipping_company_pk"),
        ),
        sa.ForeignKeyConstraint(
            ["shipping_option_group_pk"],
            ["shipping_option_groups.pk"],
            name=op.f("fk_order_items_shipping_option_group_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_order_items")),
        sa.UniqueConstraint("order_pk", "line", name=op.f("uq_order_items_order_pk_line")),
        sa.UniqueConstraint("uuid", name=op.f("uq_order_items_uuid")),
    )
    op.create_index(op.f("ix_order_items_seller_pk"), "order_items", ["seller_pk"])
    op.create_table(
        "order_item_easy_return_companies",
        sa.Column("order_item_pk", BigId, nullable=False),
        sa.Column("company_pk", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_pk"],
            ["easy_return_shipping_companies.pk"],
            name=op.f("fk_order_item_easy_return_companies_company_pk"),
        ),
        sa.ForeignKeyConstraint(
            ["order_item_pk"],
            ["order_items.pk"],
            name=op.f("fk_order_item_easy_return_companies_order_item_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "order_item_pk", "company_pk", name=op.f("pk_order_item_easy_return_companies")
        ),
    )
    op.create_table(
        "discount_items",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("order_pk", BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", BigId, nullable=False),
        sa.Column("created_date", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_discount_items_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["order_pk"], ["orders.pk"], name=op.f("fk_discount_items_order_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_discount_items")),
    )
    op.create_index(op.f("ix_discount_items_order_pk"), "discount_items", ["order_pk"])
    op.create_table(
        "loyalty_transactions",
        sa.Column("pk", BigId, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("order_pk", BigId, nullable=False),
        sa.Column("user_pk", BigId),
        sa.Column("user_email", sa.Text()),
        sa.Column("amount", BigId, nullable=False),
        sa.Column("reference", sa.Text()),
        sa.ForeignKeyConstraint(
            ["order_pk"],
            ["orders.pk"],
            name=op.f("fk_loyalty_transactions_order_pk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"], ["users.pk"], name=op.f("fk_loyalty_transactions_user_pk")
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_loyalty_transactions")),
        sa.UniqueConstraint("uuid", name=op.f("uq_loyalty_transactions_uuid")),
    )
    op.create_index(op.f("ix_loyalty_transactions_order_pk"), "loyalty_transactions", ["order_pk"])
    op.create_table(
        "order_documents",
        sa.Column("order_pk", BigId, nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_pk"],
            ["orders.pk"],
            name=op.f("fk_order_documents_order_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_pk", "language", name=op.f("pk_order_documents")),
    )
    op.create_table(
        "order_imports",
        sa.Column("order_pk", BigId, autoincrement=False, nullable=False),
        sa.Column("document_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_pk"], ["orders.pk"], name=op.f("fk_order_imports_order_pk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_pk", name=op.f("pk_order_imports")),
    )
