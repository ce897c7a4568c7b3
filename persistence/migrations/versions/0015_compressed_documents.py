"""Compressed documents with an index of versions; maintenance runs."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
# Earlier code needs the documents' column for the language, which is dropped.
compatible_from = "0015"

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENTS = {"orders": "order", "old_orders": "old_order"}


def upgrade() -> None:
    # The stored documents are of an earlier edition, so they would be rendered again anyway.
    for target, name in DOCUMENTS.items():
        op.drop_table(f"{name}_documents")
        _create_documents(f"{name}_documents", f"{name}_pk", target)
    op.create_table(
        "maintenance_runs",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("due_date", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_maintenance_runs")),
    )


def _create_documents(table: str, owner: str, target: str) -> None:
    op.create_table(
        table,
        sa.Column(owner, BigId, autoincrement=False, nullable=False),
        sa.Column("edition", BigId, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            [owner], [f"{target}.pk"], name=op.f(f"fk_{table}_{owner}"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(owner, name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_version"), table, ["version"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ALTER COLUMN body SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor=0.02)")
