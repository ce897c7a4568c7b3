"""The user of each row of a shopper's data, by which Citus distributes it."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None
# Code that does not know the column would leave it empty.
compatible_from = "0021"

OWNER = "user_pk"
# Tables, the column of each that references the row that it is a part of, and that row's table.
# Parents come first.
PARTS = (
    ("order_items", "order_pk", "orders"),
    ("discount_items", "order_pk", "orders"),
    ("loyalty_transactions", "order_pk", "orders"),
    ("cancellation_plans", "order_pk", "orders"),
    ("seller_orders", "order_pk", "orders"),
    ("order_documents", "order_pk", "orders"),
    ("order_imports", "order_pk", "orders"),
    ("order_item_easy_return_companies", "order_item_pk", "order_items"),
    ("trade_in_offers", "order_item_pk", "order_items"),
    ("cancellation_requests", "order_item_pk", "order_items"),
    ("cancellation_request_images", "cancellation_request_pk", "cancellation_requests"),
    ("easy_returns", "cancellation_request_pk", "cancellation_requests"),
    ("cancellation_plan_items", "plan_pk", "cancellation_plans"),
    ("old_order_items", "old_order_pk", "old_orders"),
    ("old_order_documents", "old_order_pk", "old_orders"),
    ("old_order_imports", "old_order_pk", "old_orders"),
)
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table, key, parent in PARTS:
        if table != "loyalty_transactions":  # it has the column already
            op.add_column(table, sa.Column(OWNER, BigId))
        op.execute(
            f"UPDATE {table} SET {OWNER} = {parent}.{OWNER} FROM {parent}"  # noqa: S608 - of PARTS
            f" WHERE {parent}.pk = {table}.{key} AND {table}.{OWNER} IS NULL"
        )
