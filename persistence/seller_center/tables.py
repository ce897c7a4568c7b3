"""The tables that sellers' lists read: the rows of orders, or their copies by seller.

Rows of orders are on one node with the user's others. A distributed database has copies by seller,
so that a list reads one node there as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from persistence.orders import seller_copies
from persistence.orders.addresses import addresses
from persistence.orders.cancellation_plans import (
    SAME_REQUEST,
    cancellation_plan_items,
    cancellation_plans,
)
from persistence.orders.cancellations import SAME_LINE, cancellation_requests
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.seller_orders import seller_orders
from persistence.sql.distributed_tables import SELLER, distribution_column, on_same_node

SELLER_PK = sa.bindparam("seller_pk", type_=sa.BigInteger)
"""The parameter with the seller whose list it is."""


def on_its_node(table: sa.Table) -> list[sa.ColumnElement[bool]]:
    """Return the condition for rows on the seller's node, if ``table`` is stored by seller.

    Each subquery needs it: Citus does not derive it from an enclosing statement.
    """
    column = distribution_column(table)
    return [column == SELLER_PK] if column is not None and column.key == SELLER else []


@dataclass(frozen=True, eq=False, kw_only=True)
class SellerTables:
    """Tables of one kind: rows of orders, or copies.

    ``order`` has the columns of the order by name. They are in ``orders``, or, without it, in
    ``seller_orders``. ``planned_lines`` joins the items of plans with their lines.
    """

    seller_orders: sa.Table
    order_items: sa.Table
    cancellation_plans: sa.Table
    cancellation_plan_items: sa.Table
    addresses: sa.Table
    planned_lines: sa.FromClause
    order: Mapping[str, sa.ColumnElement[Any]]
    orders: sa.Table | None = None

    def with_their_orders(self, table: sa.Table) -> sa.FromClause:
        """Join ``table`` with the seller's orders."""
        same_order = self.seller_orders.c.order_pk == table.c.order_pk
        same_seller = self.seller_orders.c.seller_pk == table.c.seller_pk
        same_node = on_same_node(self.seller_orders, table)
        return table.join(self.seller_orders, sa.and_(same_order, same_seller, same_node))

    def of_order(self, table: sa.Table, source: sa.FromClause | None = None) -> sa.FromClause:
        """Join ``table`` (in ``source``, with the seller's orders) with the orders.

        The order's version changes with anything shown of a row, and with its owner.
        """
        if self.orders is not None:
            same_order = self.orders.c.pk == table.c.order_pk
            same_order = sa.and_(same_order, on_same_node(self.orders, table))
            return (table if source is None else source).join(self.orders, same_order)
        if source is not None or table is self.seller_orders:
            return table if source is None else source
        return self.with_their_orders(table)

    def with_address(
        self, source: sa.FromClause, address: sa.FromClause, key: str
    ) -> sa.FromClause:
        """Join ``source`` with the address that the column ``key`` of a seller's order names."""
        is_named = address.c.pk == self.seller_orders.c[key]
        return source.join(address, sa.and_(is_named, on_same_node(address, self.seller_orders)))


ROWS = SellerTables(
    seller_orders=seller_orders,
    order_items=order_items,
    cancellation_plans=cancellation_plans,
    cancellation_plan_items=cancellation_plan_items,
    addresses=addresses,
    planned_lines=cancellation_plan_items.join(cancellation_requests, SAME_REQUEST).join(
        order_items, SAME_LINE
    ),
    order={
        "pk": orders.c.pk,
        **{name: orders.c[name] for name in seller_copies.ORDER_COLUMNS},
        "extra_field": seller_copies.shown_extra_field(),
    },
    orders=orders,
)
"""The rows of orders, for one node."""

_orders, _lines, _plans, _planned, _addresses = (copy.table for copy in seller_copies.COPIES)
COPIES = SellerTables(
    seller_orders=_orders,
    order_items=_lines,
    cancellation_plans=_plans,
    cancellation_plan_items=_planned,
    addresses=_addresses,
    planned_lines=_planned.join(
        _lines, sa.and_(_lines.c.pk == _planned.c.order_item_pk, on_same_node(_lines, _planned))
    ),
    order={
        "pk": _orders.c.order_pk,
        **{
            name: _orders.c[f"order_{name}"]
            for name in (*seller_copies.ORDER_COLUMNS, "extra_field")
        },
    },
)
"""The copies by seller, for a distributed database."""
