"""Table of sellers' orders: one row for each order and seller."""

import sqlalchemy as sa

from domain.orders.cancellations import CancelStatus
from domain.shared.money import Currency
from persistence.orders.addresses import addresses
from persistence.orders.sellers import sellers
from persistence.orders.shipping import shipping_companies
from persistence.sql.columns import (
    OWNER,
    BigId,
    CodePointText,
    UtcDateTime,
    enum_column,
    max_length,
    metadata,
    not_negative,
    parent,
    pk_column,
    reference,
    uuid_column,
)

AMOUNTS = (
    "amount",
    "discount_amount",
    "shipping_amount",
    "refund_amount",
    "discount_refund_amount",
    "shipping_refund_amount",
)

seller_orders = sa.Table(
    "seller_orders",
    metadata,
    pk_column(),
    uuid_column(),
    # The unique (order_pk, seller_pk) below serves as its index.
    parent("order_pk", "orders", index=False),
    # The indexes below begin with it.
    reference("seller_pk", sellers),
    sa.Column(OWNER, BigId),
    sa.Column("number", CodePointText, nullable=False),
    sa.Column("number_folded", CodePointText, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    enum_column("cancel_status", CancelStatus, nullable=True),
    enum_column("currency", Currency),
    *(sa.Column(name, BigId, nullable=False) for name in AMOUNTS),
    sa.Column("has_gift_box", sa.Boolean),
    sa.Column("invoice_number", sa.Text),
    sa.Column("invoice_date", UtcDateTime),
    sa.Column("e_archive_url", sa.Text),
    sa.Column("tracking_number", sa.Text),
    reference("shipping_company_pk", shipping_companies, nullable=True),
    reference("shipping_address_pk", addresses),
    reference("billing_address_pk", addresses),
    sa.Column("date_placed", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("order_pk", "seller_pk"),
    sa.Index(None, "seller_pk", "date_placed", "pk"),
    sa.Index(None, "seller_pk", "updated_at", "pk"),
    sa.Index(None, "seller_pk", "status", "date_placed", "pk"),
    sa.Index(None, "seller_pk", "number"),
    # The addresses that a seller may see.
    sa.Index(None, "seller_pk", "shipping_address_pk"),
    sa.Index(None, "seller_pk", "billing_address_pk"),
    *max_length(64, "number"),
    *not_negative(*AMOUNTS),
)
