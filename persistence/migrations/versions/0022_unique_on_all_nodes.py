"""E-mail addresses and order numbers in tables of their own, unique on all nodes."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None
# Code that does not know these tables would add users and orders without rows in them.
compatible_from = "0022"

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    user_type = sa.Enum(
        *("registered", "guest"),
        name="user_type",
        native_enum=False,
        create_constraint=True,
        length=32,
    )
    op.create_table(
        "user_emails",
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("user_type", user_type, nullable=False),
        sa.Column("user_pk", BigId, nullable=False),
        sa.CheckConstraint(
            "length(email_key) <= 762", name=op.f("ck_user_emails_email_key_length")
        ),
        sa.PrimaryKeyConstraint("email_key", "user_type", name=op.f("pk_user_emails")),
    )
    op.create_index(op.f("ix_user_emails_user_pk"), "user_emails", ["user_pk"])
    op.create_table(
        "order_numbers",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("is_old", sa.Boolean(), nullable=False),
        sa.Column("user_pk", BigId, nullable=False),
        sa.Column("order_pk", BigId, nullable=False),
        sa.CheckConstraint("length(number) <= 64", name=op.f("ck_order_numbers_number_length")),
        sa.PrimaryKeyConstraint("number", "is_old", name=op.f("pk_order_numbers")),
    )
    op.execute("""
        INSERT INTO user_emails (email_key, user_type, user_pk)
        SELECT email_key, user_type, pk FROM users
    """)
    op.execute("""
        INSERT INTO order_numbers (number, is_old, user_pk, order_pk)
        SELECT number, false, user_pk, pk FROM orders
        UNION ALL SELECT number, true, user_pk, pk FROM old_orders
    """)
