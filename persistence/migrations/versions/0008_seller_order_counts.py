"""Stored numbers of sellers' orders by status."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "seller_order_counts",
        sa.Column("seller_pk", BigId, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("orders", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["seller_pk"],
            ["sellers.pk"],
            name=op.f("fk_seller_order_counts_seller_pk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("seller_pk", "status", "slot", name=op.f("pk_seller_order_counts")),
    )
    op.execute("""
        INSERT INTO seller_order_counts (seller_pk, status, slot, orders)
        SELECT seller_pk, status, order_pk % 8, count(*) FROM seller_orders
        GROUP BY seller_pk, status, order_pk % 8
    """)
