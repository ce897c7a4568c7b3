"""Tables of orders and of their documents."""

import sqlalchemy as sa

from domain.orders.orders import OrderType
from domain.orders.states import OrderState
from domain.shared.money import Currency
from persistence.accounts.users import users
from persistence.documents.tables import document_table
from persistence.orders.addresses import addresses
from persistence.orders.payments import banks, payment_options
from persistence.orders.shipping import shipping_companies
from persistence.sql.columns import (
    MAX_QUANTITY,
    BigId,
    Json,
    UtcDateTime,
    enum_column,
    max_length,
    metadata,
    not_negative,
    pk_column,
    reference,
    uuid_column,
)

orders = sa.Table(
    "orders",
    metadata,
    pk_column(),
    uuid_column(),
    # The indexes below begin with it.
    reference("user_pk", users),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("version", BigId, nullable=False),
    enum_column("state", OrderState),
    enum_column("order_type", OrderType, nullable=True),
    enum_column("currency", Currency),
    sa.Column("shipping_amount", BigId, nullable=False),
    sa.Column("shipping_tax_rate", sa.Integer),
    sa.Column("refund_amount", BigId, nullable=False),
    sa.Column("discount_refund_amount", BigId, nullable=False),
    sa.Column("shipping_refund_amount", BigId, nullable=False),
    sa.Column("installment_count", sa.Integer, nullable=False),
    sa.Column("installment_interest_amount", BigId, nullable=False),
    sa.Column("payment_pending", sa.Boolean, nullable=False),
    sa.Column("user_email", sa.Text, nullable=False),
    sa.Column("client_type", sa.Text, nullable=False),
    sa.Column("language_code", sa.Text),
    sa.Column("remote_addr", sa.Text),
    sa.Column("has_gift_box", sa.Boolean),
    sa.Column("gift_box_note", sa.Text),
    sa.Column("notes", sa.Text),
    sa.Column("bin_number", sa.Text),
    sa.Column("tracking_url", sa.Text),
    sa.Column("defined_tracking_url", sa.Text),
    sa.Column("shipping_tracking_url", sa.Text),
    sa.Column("tracking_number", sa.Text),
    sa.Column("invoice_number", sa.Text),
    sa.Column("invoice_date", UtcDateTime),
    sa.Column("e_archive_url", sa.Text),
    sa.Column("delivery_range", UtcDateTime),
    sa.Column("shipping_option_slug", sa.Text),
    sa.Column("basket", BigId),
    sa.Column("shipping_option", BigId),
    sa.Column("card", BigId),
    sa.Column("installment", BigId),
    sa.Column("segment", BigId),
    sa.Column("checkout_provider", sa.Text),
    sa.Column("extra_field", Json),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("modified_date", UtcDateTime, nullable=False),
    sa.Column("erased_date", UtcDateTime),
    reference("shipping_address_pk", addresses),
    reference("billing_address_pk", addresses),
    reference("payment_option_pk", payment_options),
    reference("bank_pk", banks, nullable=True),
    reference("shipping_company_pk", shipping_companies, nullable=True),
    # Newest first, and the bounds on created_date. A search scans the user's rows, since neither
    # database has an index for substrings.
    sa.Index(None, "user_pk", "created_date", "pk"),
    # The newest order of a guest, by pk.
    sa.Index(None, "user_pk", "pk"),
    sa.CheckConstraint("version >= 1", name="version"),
    sa.CheckConstraint(f"installment_count BETWEEN 0 AND {MAX_QUANTITY}", name="installment_count"),
    *max_length(64, "number"),
    *not_negative(
        "shipping_amount",
        "shipping_tax_rate",
        "refund_amount",
        "discount_refund_amount",
        "shipping_refund_amount",
        "installment_interest_amount",
    ),
)

order_documents = document_table("order_documents", "order_pk", "orders")
