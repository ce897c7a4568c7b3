"""Indexes that sort archived orders by value across currencies."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

THREE_DECIMALS = ("iqd", "kwd", "bhd", "omr", "jod")


def upgrade() -> None:
    # Spelled without parameters, as queries spell it: an index is found by its expression.
    currencies: list[sa.ColumnElement[str]] = [
        sa.literal_column(f"'{code}'") for code in THREE_DECIMALS
    ]
    scale = sa.case(
        (sa.column("currency").in_(currencies), sa.literal_column("1")),
        else_=sa.literal_column("10"),
    )
    for amount in ("amount", "discount_amount"):
        name = op.f(f"ix_old_orders_user_pk_{amount}_pk")
        op.drop_index(name, "old_orders")
        value = sa.column(amount, sa.BigInteger) * scale
        op.create_index(name, "old_orders", ["user_pk", value, "pk"])
