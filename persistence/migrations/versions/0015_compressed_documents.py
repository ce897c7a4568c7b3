"""Compressed documents, found by their version; runs of maintenance; room for changed orders."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
# Servers of earlier revisions would wait while the documents are locked.
compatible_from = "0015"

DOCUMENTS = ("order_documents", "old_order_documents")


def upgrade() -> None:
    _empty_documents()
    for table in DOCUMENTS:
        op.create_index(op.f(f"ix_{table}_version"), table, ["version"])
    op.create_table(
        "maintenance_runs",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("due_date", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_maintenance_runs")),
    )
    if op.get_context().dialect.name == "postgresql":
        _set_storage()


def _empty_documents() -> None:
    if op.get_context().dialect.name != "postgresql":
        for table in DOCUMENTS:
            op.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant
        return
    # All are of an earlier edition, and would be rendered again one by one.
    op.execute(f"TRUNCATE {', '.join(DOCUMENTS)}")


def _set_storage() -> None:
    for table in DOCUMENTS:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN body SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor=0.02)")
    for table in ("orders", "seller_orders"):
        op.execute(f"ALTER TABLE {table} SET (fillfactor=80)")
