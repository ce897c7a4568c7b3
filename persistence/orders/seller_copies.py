"""Copies of what sellers' lists show and search, stored by seller: docs/decisions/0022.

Only a distributed database has these tables. The rows that they are copied from are stored by user.
A ``Copy`` declares a table by the SELECT of its rows, which creates, fills and updates it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from persistence.orders.addresses import addresses
from persistence.orders.cancellation_plans import (
    SAME_REQUEST,
    cancellation_plan_items,
    cancellation_plans,
)
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.seller_orders import seller_orders
from persistence.sql.columns import OWNER
from persistence.sql.distributed_tables import SELLER, copied_metadata, on_same_node

Columns = Mapping[str, sa.ColumnElement[Any]]
UserPk = sa.BindParameter[int]

ORDER_COLUMNS = (
    *("version", "shipping_tax_rate", "gift_box_note", "language_code", "notes"),
    *("delivery_range", "shipping_option_slug"),
)
"""The columns of the order that the list of sellers' orders shows."""
# No list shows or searches these columns of lines, and some are long. The user is not among them:
# a rejection finds it by the copy.
_NOT_SHOWN = frozenset(
    {
        *("line", "cancelled_quantity", "refunded_quantity", "unit_price", "parent"),
        *("shipping_option_group_pk", "attributes", "attributes_kwargs", "localized_attributes"),
        *("localized_attributes_kwargs", "extra_product_stock_detailed"),
        "extra_product_price_detailed",
    }
)


def shown_extra_field(user_pk: UserPk | None = None) -> sa.ColumnElement[Any]:
    """Return the order's ``extra_field`` if a seller may see it: all lines are the seller's.

    ``user_pk`` names the node: Citus does not derive it for a subquery.
    """
    lines = order_items.alias()
    others = lines.c.seller_pk.is_distinct_from(seller_orders.c.seller_pk)
    of_others = sa.exists().where(
        lines.c.order_pk == seller_orders.c.order_pk, on_same_node(lines, seller_orders), others
    )
    if user_pk is not None:
        of_others = of_others.where(lines.c[OWNER] == user_pk)
    return sa.case((~of_others.correlate(seller_orders), orders.c.extra_field))


@dataclass(frozen=True, eq=False)
class Copy:
    """A table of copies.

    ``columns``, by the names of the table's, are selected from ``from_rows``, where ``order_pk``
    and ``user_pk`` have the order and the user. ``is_shared``: orders share a row, which never
    changes, may come more than once, and is deleted by an erasure only. ``subqueries`` are columns
    that are selected in another way for one user.
    """

    table: sa.Table
    columns: Columns
    from_rows: sa.FromClause
    order_pk: sa.ColumnElement[int]
    user_pk: sa.ColumnElement[int]
    conditions: tuple[sa.ColumnElement[bool], ...] = ()
    is_shared: bool = False
    subqueries: Mapping[str, Callable[[UserPk], sa.ColumnElement[Any]]] = field(
        default_factory=dict
    )

    @cached_property
    def rows(self) -> sa.Select[Any]:
        """Select the rows that the table has to have, of all users."""
        columns = (column.label(name) for name, column in self.columns.items())
        return sa.select(*columns).select_from(self.from_rows).where(*self.conditions)

    def columns_of(self, user_pk: UserPk) -> Columns:
        """Return the columns for a statement about this user."""
        return {**self.columns, **{name: make(user_pk) for name, make in self.subqueries.items()}}


def _columns(table: sa.Table, left_out: Collection[str] = (OWNER,)) -> dict[str, Any]:
    return {str(column.name): column for column in table.c if column.name not in left_out}


def _table(name: str, columns: Columns, *indexes: tuple[str, ...]) -> sa.Table:
    """Return a table with the types of ``columns``. Each index begins with the seller."""
    made = (
        sa.Column(key, column.type, nullable=getattr(column, "nullable", True), key=key)
        for key, column in columns.items()
    )
    keys = (sa.Index(None, SELLER, *names) for names in indexes)
    key = sa.PrimaryKeyConstraint(SELLER, "pk")
    table = sa.Table(name, copied_metadata, *made, key, *keys)
    # Values are checked where they are copied from.
    table.constraints.intersection_update({table.primary_key})
    return table


def _of_seller_order(table: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.order_pk == seller_orders.c.order_pk,
        table.c.seller_pk == seller_orders.c.seller_pk,
        on_same_node(table, seller_orders),
    )


_orders_columns: Columns = {
    **_columns(seller_orders),
    **{f"order_{name}": orders.c[name] for name in ORDER_COLUMNS},
    "order_extra_field": shown_extra_field(),
}
SELLER_ORDERS = Copy(
    table=_table(
        "seller_orders_by_seller",
        _orders_columns,
        *(("order_pk",), ("uuid",), ("number",), ("shipping_address_pk",), ("billing_address_pk",)),
        *(("date_placed", "pk"), ("updated_at", "pk"), ("status", "date_placed", "pk")),
    ),
    columns=_orders_columns,
    from_rows=seller_orders.join(
        orders,
        sa.and_(orders.c.pk == seller_orders.c.order_pk, on_same_node(orders, seller_orders)),
    ),
    order_pk=seller_orders.c.order_pk,
    user_pk=seller_orders.c[OWNER],
    subqueries={"order_extra_field": shown_extra_field},
)
_lines_columns = _columns(order_items, _NOT_SHOWN)
LINES = Copy(
    table=_table(
        "order_items_by_seller",
        _lines_columns,
        *(("order_pk",), ("uuid",), ("created_date", "pk"), ("modified_date", "pk")),
    ),
    columns=_lines_columns,
    from_rows=order_items,
    order_pk=order_items.c.order_pk,
    user_pk=order_items.c[OWNER],
    conditions=(order_items.c.seller_pk.is_not(None),),
)
_plans_columns = _columns(cancellation_plans, (OWNER, "note"))
# The list leaves out plans of sellers without a line of the order.
_plans = cancellation_plans.join(seller_orders, _of_seller_order(cancellation_plans))
PLANS = Copy(
    table=_table(
        "cancellation_plans_by_seller",
        _plans_columns,
        *(("order_pk",), ("uuid",), ("created_date", "pk")),
    ),
    columns=_plans_columns,
    from_rows=_plans,
    order_pk=cancellation_plans.c.order_pk,
    user_pk=cancellation_plans.c[OWNER],
)
_planned_columns: Columns = {
    **_columns(cancellation_plan_items, (OWNER, "request_pk")),
    SELLER: cancellation_plans.c.seller_pk,
    "order_item_pk": cancellation_requests.c.order_item_pk,
}
PLANNED = Copy(
    table=_table(
        "cancellation_plan_items_by_seller",
        _planned_columns,
        *(("plan_pk",), ("order_item_pk",)),
    ),
    columns=_planned_columns,
    from_rows=_plans.join(
        cancellation_plan_items,
        sa.and_(
            cancellation_plan_items.c.plan_pk == cancellation_plans.c.pk,
            on_same_node(cancellation_plan_items, cancellation_plans),
        ),
    ).join(cancellation_requests, SAME_REQUEST),
    order_pk=cancellation_plans.c.order_pk,
    user_pk=cancellation_plans.c[OWNER],
)
_addresses_columns: Columns = {
    **_columns(addresses, (OWNER, "content_hash", "retail_store", "extra_field")),
    SELLER: seller_orders.c.seller_pk,
}
ADDRESSES = Copy(
    table=_table("addresses_by_seller", _addresses_columns, ("uuid",)),
    columns=_addresses_columns,
    from_rows=seller_orders.join(
        addresses,
        sa.and_(
            sa.or_(
                addresses.c.pk == seller_orders.c.shipping_address_pk,
                addresses.c.pk == seller_orders.c.billing_address_pk,
            ),
            on_same_node(addresses, seller_orders),
        ),
    ),
    order_pk=seller_orders.c.order_pk,
    user_pk=seller_orders.c[OWNER],
    is_shared=True,
)
COPIES = (SELLER_ORDERS, LINES, PLANS, PLANNED, ADDRESSES)
