"""Tables that say what was imported."""

import sqlalchemy as sa

from persistence.schema import BigId, metadata


def _document_hashes(name: str, column: str, target: str) -> sa.Table:
    """A table that keeps, for each imported row of ``target``, its document's SHA-256.

    A document with the hash on file has nothing to change; a row that did not come by import has
    no hash.
    """
    return sa.Table(
        name,
        metadata,
        sa.Column(
            column,
            BigId,
            sa.ForeignKey(f"{target}.pk", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("document_hash", sa.LargeBinary(32), nullable=False),
    )


order_imports = _document_hashes("order_imports", "order_pk", "orders")
old_order_imports = _document_hashes("old_order_imports", "old_order_pk", "old_orders")
