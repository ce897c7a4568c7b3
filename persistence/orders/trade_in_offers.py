"""Table of trade-in offers."""

import sqlalchemy as sa

from domain.orders.trade_in_offers import TradeInState
from persistence.sql.columns import (
    UtcDateTime,
    enum_column,
    metadata,
    owner_column,
    parent,
    pk_column,
    uuid_column,
)

trade_in_offers = sa.Table(
    "trade_in_offers",
    metadata,
    pk_column(),
    uuid_column(),
    parent("order_item_pk", "order_items"),
    owner_column(),
    enum_column("state", TradeInState),
    sa.Column("expires_date", UtcDateTime, nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("modified_date", UtcDateTime, nullable=False),
)

_is_open = trade_in_offers.c.state == TradeInState.OPEN
sa.Index(
    "uq_trade_in_offers_open",
    trade_in_offers.c.order_item_pk,
    unique=True,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)
