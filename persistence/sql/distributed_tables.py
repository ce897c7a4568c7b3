"""How Citus stores each table: distributed by a column, copied to every node, or on one node.

Rows of one user are on one node, with all parts: tables with the column ``OWNER`` and the same
value are colocated. So are the rows of one seller, which are copies (``copied_metadata``).
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from persistence.sql.columns import OWNER, metadata

SELLER = "seller_pk"
"""The column with the pk of the seller whose copy a row is."""

copied_metadata = sa.MetaData(naming_convention=metadata.naming_convention)
"""The copies by seller: tables that only a distributed database has."""

_BY_THEIR_OWN_KEY: Mapping[str, str] = {
    "users": "pk",
    "user_emails": "email_key",
    "order_numbers": "number",
    "idempotency_keys": "scope",
    "one_time_tokens": "uuid",
    "seller_order_counts": "seller_pk",
}
# Few rows, which every order may reference: a copy on each node.
REFERENCE_TABLES = frozenset(
    {
        *("locations", "products", "payment_options", "banks"),
        *("shipping_companies", "shipping_option_groups", "easy_return_shipping_companies"),
        *("sellers", "seller_tokens", "return_carriers", "cancellation_reasons"),
    }
)
# Workers lease e-mails with SKIP LOCKED, which needs one node. Both tables with partitions lose a
# month at once.
LOCAL_TABLES = frozenset(
    {"outbox_events", "audit_entries", "maintenance_runs", "worker_heartbeats"}
)


def distribution_column(table: sa.FromClause) -> sa.ColumnElement[object] | None:
    """Return the column that ``table`` (or an alias of it) is distributed by; None for others."""
    base = table.element if isinstance(table, sa.Alias) else table
    if not isinstance(base, sa.Table) or base.name in REFERENCE_TABLES | LOCAL_TABLES:
        return None
    is_copied = base.metadata is copied_metadata
    name = SELLER if is_copied else _BY_THEIR_OWN_KEY.get(base.name, OWNER)
    column: sa.ColumnElement[object] = table.c[name]
    return column


def unique_key(table: sa.Table, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of a unique key of ``table`` when it is distributed."""
    column = distribution_column(table)
    name = None if column is None else str(column.key)
    return names if name is None or name in names else (*names, name)


def distributed_tables() -> list[sa.Table]:
    """Return the distributed tables in the order of their foreign keys."""
    return [table for table in metadata.sorted_tables if distribution_column(table) is not None]


def on_same_node(left: sa.FromClause, right: sa.FromClause) -> sa.ColumnElement[bool]:
    """Return the condition of a join of rows of users, or of copies: Citus joins rows of one node.

    Both tables have to be of the same kind.
    """
    condition: sa.ColumnElement[bool] = _node(left) == _node(right)
    return condition


def _node(table: sa.FromClause) -> sa.ColumnElement[Any]:
    column = distribution_column(table)
    if column is None:
        raise ValueError(f"{table} is on every node")
    return column


def parent_key(table: sa.Table) -> sa.Column[Any] | None:
    """Return the column that references the row which a row of ``table`` is a part of.

    None for tables whose rows are no parts of a user's row.
    """
    if OWNER not in table.c or not table.c[OWNER].nullable:
        return None
    for column in table.c:
        for key in column.foreign_keys:
            if key.ondelete == "CASCADE" and OWNER in key.column.table.c:
                return column
    return None
