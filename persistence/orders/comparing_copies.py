"""Comparing the copies by seller with the rows by user that they are copied from.

No statement of Citus sees all nodes at one moment. So sums are compared, which grow and shrink
alike on both sides: a difference that stays the same is no change in between.
"""

from collections.abc import Iterator
from functools import cache
from time import sleep
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from persistence.engine.nodes import is_distributed
from persistence.orders.seller_copies import ADDRESSES, COPIES, SELLER_ORDERS, Copy
from persistence.sql.columns import BigId
from persistence.sql.distributed_tables import SELLER, on_same_node

PAUSE_SECONDS = 2.0
"""Longer than a commit takes on all nodes."""

Sums = tuple[int, int]
"""The numbers of rows and the sums of their hashes, each as the difference of both sides."""


def differing_sellers(engine: sa.Engine) -> dict[str, list[int]] | None:
    """Return the pks of the sellers whose copies differ, by the name of the table.

    None if the database is not distributed. Reads all orders, twice if anything differs. A seller
    whose orders change during both reads is left out. Raises SQLAlchemy's errors.
    """
    with engine.connect() as connection:
        if not is_distributed(connection):
            return None
    found = _differences(engine)
    if any(found.values()):
        sleep(PAUSE_SECONDS)
        again = _differences(engine)
        found = {name: dict(found[name].items() & again[name].items()) for name in found}
    return {name: sorted(sellers) for name, sellers in found.items() if sellers}


def _differences(engine: sa.Engine) -> dict[str, dict[int, Sums]]:
    """Return the differences of each seller, by the name of the table."""
    with engine.begin() as connection:
        # Texts of times have to be the same on all nodes. Citus sends them SET LOCAL.
        connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
        return {
            copy.table.name: {
                seller_pk: (int(number), int(hashes))
                for seller_pk, number, hashes in connection.execute(_compared(copy))
            }
            for copy in COPIES
        }


@cache
def _compared(copy: Copy) -> sa.Select[Any]:
    """Select the sellers whose sums differ.

    Each side is summed on its nodes, so that only a row for each seller leaves them.
    """
    wanted, stored = _sums(_wanted(copy), "wanted"), _sums(_stored(copy), "stored")
    number, hashes = (
        sa.func.coalesce(wanted.c[name], 0) - sa.func.coalesce(stored.c[name], 0)
        for name in ("number", "hashes")
    )
    seller = sa.func.coalesce(wanted.c[SELLER], stored.c[SELLER], type_=BigId)
    both = wanted.join(stored, wanted.c[SELLER] == stored.c[SELLER], full=True)
    compared = sa.select(seller, number, hashes).select_from(both)
    return compared.where(sa.or_(number != 0, hashes != 0))


def _sums(rows: sa.Select[int, int], name: str) -> sa.CTE:
    table = rows.subquery()
    columns = sa.func.count().label("number"), sa.func.sum(table.c.hash).label("hashes")
    summed = sa.select(table.c[SELLER], *columns).group_by(table.c[SELLER])
    return summed.cte(name).prefix_with("MATERIALIZED")


def _wanted(copy: Copy) -> sa.Select[int, int]:
    return copy.rows.with_only_columns(*_hashed(copy, copy.columns))


def _stored(copy: Copy) -> sa.Select[int, int]:
    table = copy.table
    rows = sa.select(*_hashed(copy, table.c)).select_from(table)
    if copy is not ADDRESSES:
        return rows
    # Addresses stay without their orders, so those of orders are compared, with each order.
    orders = SELLER_ORDERS.table
    named = sa.or_(*_named_by(orders, table))
    return rows.join(orders, sa.and_(on_same_node(table, orders), named))


def _named_by(orders: sa.Table, table: sa.Table) -> Iterator[sa.ColumnElement[bool]]:
    yield orders.c.shipping_address_pk == table.c.pk
    yield orders.c.billing_address_pk == table.c.pk


def _hashed(copy: Copy, columns: Any) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """Return the seller, and a hash of the columns, which have names."""
    array = sa.func.json_build_array(*(columns[name] for name in copy.columns))
    # Equal JSON may have different texts; its binary form has one.
    text = sa.cast(sa.cast(array, JSONB), sa.Text)
    hashed = sa.func.hashtextextended(text, 0, type_=BigId)
    return columns[SELLER].label(SELLER), hashed.label("hash")
