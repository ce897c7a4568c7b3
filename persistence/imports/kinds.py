"""The tables of orders and of old orders, and those of the hashes of their documents."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from persistence.orders.old_orders import old_order_items, old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.sql.columns import UtcDateTime, metadata, owner_column, root_column


def _document_hashes(name: str, root: str, target: str, *others: sa.Column[Any]) -> sa.Table:
    """Return the table with the SHA-256 of the document of each imported row of ``target``.

    A document with the stored hash changes nothing. Rows that were not imported have no hash.
    """
    return sa.Table(
        name,
        metadata,
        root_column(root, target),
        owner_column(),
        sa.Column("document_hash", sa.LargeBinary(32), nullable=False),
        *others,
    )


# The document's modified_date, if it has one. Documents with an earlier date are older.
_document_date = sa.Column("document_date", UtcDateTime)
order_imports = _document_hashes("order_imports", "order_pk", "orders", _document_date)
old_order_imports = _document_hashes("old_order_imports", "old_order_pk", "old_orders")


@dataclass(frozen=True, slots=True)
class Kind:
    """The tables of one kind of order; lines and hashes reference it by the column ``owner``.

    ``is_old`` is its kind in ``order_numbers``. ``document_columns`` are the columns of ``hashes``
    that come from the document.
    """

    rows: sa.Table
    lines: sa.Table
    hashes: sa.Table
    owner: str
    is_old: bool
    document_columns: tuple[str, ...]


ORDERS = Kind(
    orders, order_items, order_imports, "order_pk", False, ("document_hash", "document_date")
)
OLD_ORDERS = Kind(
    old_orders, old_order_items, old_order_imports, "old_order_pk", True, ("document_hash",)
)
