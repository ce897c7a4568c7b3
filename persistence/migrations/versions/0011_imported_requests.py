"""The requests that import documents own, and the time of the last imported document."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "cancellation_requests",
        sa.Column("is_imported", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    # Requests that were made or decided here have entries in the audit trail.
    op.execute("""
        UPDATE cancellation_requests SET is_imported = true
        WHERE NOT EXISTS (
            SELECT 1 FROM audit_entries WHERE subject_uuid = cancellation_requests.uuid)
    """)
    # What units that were cancelled before the payment would have given back.
    for name in ("unpaid_amount", "unpaid_discount_amount"):
        op.add_column(
            "cancellation_plan_items",
            sa.Column(name, BigId, server_default="0", nullable=False),
        )
    op.add_column("order_imports", sa.Column("document_date", sa.DateTime(timezone=True)))
