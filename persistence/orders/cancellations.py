"""Tables of cancellation reasons and requests."""

import sqlalchemy as sa

from domain.orders.cancellations import (
    CancellationStatus,
    CancellationType,
)
from persistence.orders.addresses import addresses
from persistence.orders.order_items import order_items
from persistence.orders.shipping import shipping_companies
from persistence.sql.columns import (
    MAX_QUANTITY,
    Json,
    UtcDateTime,
    enum_column,
    metadata,
    owner_column,
    parent,
    pk_column,
    reference,
    uuid_column,
)
from persistence.sql.distributed_tables import on_same_node

cancellation_reasons = sa.Table(
    "cancellation_reasons",
    metadata,
    pk_column(),
    uuid_column(),
    enum_column("cancellation_type", CancellationType),
    sa.Column("translations", Json, nullable=False),
    sa.Column("extra_information_needed", sa.Boolean, nullable=False),
    sa.Column("order", sa.Integer, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("modified_date", UtcDateTime, nullable=False),
)

cancellation_requests = sa.Table(
    "cancellation_requests",
    metadata,
    pk_column(),
    uuid_column(),
    parent("order_item_pk", "order_items"),
    owner_column(),
    reference("reason_pk", cancellation_reasons),
    enum_column("cancellation_type", CancellationType),
    enum_column("status", CancellationStatus),
    sa.Column("description", sa.Text),
    sa.Column("iban", sa.Text),
    sa.Column("holder_name", sa.Text),
    sa.Column("quantity", sa.Integer),
    sa.Column("fully_refund_as_loyalty_money", sa.Boolean),
    sa.Column("is_imported", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("modified_date", UtcDateTime, nullable=False),
    # The operator's list of open requests, newest first.
    sa.Index(None, "status", "created_date", "pk"),
    sa.CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity"),
)

SAME_LINE = sa.and_(
    order_items.c.pk == cancellation_requests.c.order_item_pk,
    on_same_node(order_items, cancellation_requests),
)
"""The condition that joins requests with their lines."""

_has_account = sa.or_(
    cancellation_requests.c.iban.is_not(None), cancellation_requests.c.holder_name.is_not(None)
)
# Bank accounts, which are removed some days after the refund was paid.
sa.Index(
    "ix_cancellation_requests_accounts",
    cancellation_requests.c.modified_date,
    sqlite_where=_has_account,
    postgresql_where=_has_account,
)

_is_open = cancellation_requests.c.status == CancellationStatus.OPEN
sa.Index(
    "uq_cancellation_requests_open",
    cancellation_requests.c.order_item_pk,
    cancellation_requests.c.cancellation_type,
    unique=True,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)

easy_returns = sa.Table(
    "easy_returns",
    metadata,
    pk_column(),
    parent("cancellation_request_pk", "cancellation_requests", index=False),
    owner_column(),
    reference("shipping_company_pk", shipping_companies),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("start_date", UtcDateTime),
    sa.Column("end_date", UtcDateTime),
    sa.Column("tracking_number", sa.Text),
    sa.Column("tracking_url", sa.Text),
    reference("pickup_address_pk", addresses, nullable=True),
    sa.Column("pickup_date", sa.Date),
    sa.Column("pickup_start", sa.Time),
    sa.Column("pickup_end", sa.Time),
    sa.UniqueConstraint("cancellation_request_pk"),
)

cancellation_request_images = sa.Table(
    "cancellation_request_images",
    metadata,
    pk_column(),
    parent("cancellation_request_pk", "cancellation_requests"),
    owner_column(),
    sa.Column("image", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("is_uploaded_by_user", sa.Boolean, nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("modified_date", UtcDateTime, nullable=False),
)
