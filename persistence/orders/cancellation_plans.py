"""Tables of cancellation plans and their items."""

import sqlalchemy as sa

from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationType
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.sellers import sellers
from persistence.sql.columns import (
    BigId,
    CanonicalJson,
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
from persistence.sql.distributed_tables import on_same_node

cancellation_plans = sa.Table(
    "cancellation_plans",
    metadata,
    pk_column(),
    uuid_column(),
    parent("order_pk", "orders"),
    owner_column(),
    # The index below begins with it.
    reference("seller_pk", sellers, nullable=True),
    enum_column("plan_type", CancellationType),
    enum_column("status", PlanStatus),
    sa.Column("note", sa.Text),
    sa.Column("invoice_number", sa.Text),
    sa.Column("payment_plan", CanonicalJson, nullable=False, server_default="{}"),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("modified_date", UtcDateTime, nullable=False),
    sa.Index(None, "seller_pk", "created_date", "pk"),
)

cancellation_plan_items = sa.Table(
    "cancellation_plan_items",
    metadata,
    pk_column(),
    parent("plan_pk", "cancellation_plans"),
    owner_column(),
    # The unique constraint below serves as its index.
    parent("request_pk", "cancellation_requests", index=False),
    sa.Column("refund_amount", BigId, nullable=False),
    sa.Column("discount_refund_amount", BigId, nullable=False),
    sa.Column("shipping_refund_amount", BigId, nullable=False),
    sa.Column("own_shipping_refund_amount", BigId, nullable=False),
    sa.Column("unpaid_amount", BigId, nullable=False, server_default="0"),
    sa.Column("unpaid_discount_amount", BigId, nullable=False, server_default="0"),
    sa.UniqueConstraint("request_pk"),
    sa.CheckConstraint("shipping_refund_amount <= refund_amount", name="shipping_within_refund"),
    sa.CheckConstraint(
        "own_shipping_refund_amount <= shipping_refund_amount", name="own_shipping_within_shipping"
    ),
    *not_negative(
        *("refund_amount", "discount_refund_amount"),
        *("shipping_refund_amount", "own_shipping_refund_amount"),
    ),
)

SAME_REQUEST = sa.and_(
    cancellation_requests.c.pk == cancellation_plan_items.c.request_pk,
    on_same_node(cancellation_requests, cancellation_plan_items),
)
"""The condition that joins items of plans with their requests."""
