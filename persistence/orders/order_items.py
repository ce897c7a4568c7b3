"""Tables of the lines of orders."""

import sqlalchemy as sa

from domain.orders.cancellations import CancelStatus
from domain.orders.states import OrderState
from persistence.orders.products import products
from persistence.orders.sellers import sellers
from persistence.orders.shipping import (
    shipping_companies,
    shipping_option_groups,
)
from persistence.sql.columns import (
    MAX_QUANTITY,
    BigId,
    Json,
    UtcDateTime,
    enum_column,
    metadata,
    not_negative,
    owner_column,
    parent,
    pk_column,
    reference,
    uuid_column,
)

order_items = sa.Table(
    "order_items",
    metadata,
    pk_column(),
    uuid_column(),
    # The unique (order_pk, line) below serves as its index.
    parent("order_pk", "orders", index=False),
    owner_column(),
    sa.Column("line", sa.Integer, nullable=False),
    reference("product_pk", products),
    # The indexes below begin with it.
    reference("seller_pk", sellers, nullable=True),
    enum_column("state", OrderState),
    enum_column("state_before_cancellation", OrderState, nullable=True),
    enum_column("cancel_status", CancelStatus, nullable=True),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("cancelled_quantity", sa.Integer, nullable=False),
    sa.Column("refunded_quantity", sa.Integer, nullable=False),
    sa.Column("unit_price", BigId, nullable=False),
    sa.Column("price", BigId, nullable=False),
    sa.Column("tax_rate", sa.Integer, nullable=False),
    sa.Column("retail_price", BigId),
    sa.Column("discount_amount", BigId, nullable=False),
    reference("shipping_company_pk", shipping_companies, nullable=True),
    reference("shipping_option_group_pk", shipping_option_groups, nullable=True),
    sa.Column("tracking_url", sa.Text),
    sa.Column("defined_tracking_url", sa.Text),
    sa.Column("shipping_tracking_url", sa.Text),
    sa.Column("tracking_number", sa.Text),
    sa.Column("invoice_number", sa.Text),
    sa.Column("invoice_date", UtcDateTime),
    sa.Column("e_archive_url", sa.Text),
    sa.Column("estimated_delivery_date", sa.Date),
    sa.Column("shipped_date", UtcDateTime),
    sa.Column("delivered_date", UtcDateTime),
    sa.Column("image", sa.Text),
    sa.Column("attributes", Json),
    sa.Column("attributes_kwargs", Json),
    sa.Column("localized_attributes", Json),
    sa.Column("localized_attributes_kwargs", Json),
    sa.Column("extra_field", Json),
    sa.Column("extra_product_stock_detailed", Json),
    sa.Column("extra_product_price_detailed", Json),
    sa.Column("parent", BigId),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("modified_date", UtcDateTime, nullable=False),
    # A seller's lines, newest first, and those changed since a time.
    sa.Index(None, "seller_pk", "created_date", "pk"),
    sa.Index(None, "seller_pk", "modified_date", "pk"),
    sa.UniqueConstraint("order_pk", "line"),
    sa.CheckConstraint("line >= 1", name="line"),
    sa.CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity"),
    sa.CheckConstraint(
        "cancelled_quantity >= 0 AND refunded_quantity >= 0"
        " AND cancelled_quantity + refunded_quantity <= quantity",
        name="quantities_left",
    ),
    sa.CheckConstraint("discount_amount <= price", name="discount_within_price"),
    *not_negative("unit_price", "price", "tax_rate", "retail_price", "discount_amount"),
)

order_item_easy_return_companies = sa.Table(
    "order_item_easy_return_companies",
    metadata,
    sa.Column(
        "order_item_pk",
        BigId,
        sa.ForeignKey("order_items.pk", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column(
        "company_pk",
        BigId,
        sa.ForeignKey("easy_return_shipping_companies.pk"),
        primary_key=True,
    ),
    owner_column(),
    # Whether the shop offers it for every line (return_carriers), not the line's document.
    sa.Column("is_shops", sa.Boolean, nullable=False, server_default=sa.false()),
)
