"""E-mail addresses and order numbers in tables of their own, unique on all nodes."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Tables, and their rows, of which `{row}` is an alias or the new row in a trigger.
EMAIL = "email_key, user_type, user_pk", "{row}.email_key, {row}.user_type, {row}.pk"
NUMBER = "number, is_old, user_pk, order_pk", "{row}.number, {is_old}, {row}.user_pk, {row}.pk"


def upgrade() -> None:
    user_type = sa.Enum(
        "registered",
        "guest",
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
    for table, target, columns, values in (
        ("users", "user_emails", *EMAIL),
        ("orders", "order_numbers", NUMBER[0], NUMBER[1].replace("{is_old}", "false")),
        ("old_orders", "order_numbers", NUMBER[0], NUMBER[1].replace("{is_old}", "true")),
    ):
        chosen = values.format(row=table)
        op.execute(f"INSERT INTO {target} ({columns}) SELECT {chosen} FROM {table}")  # noqa: S608
        insert = f"INSERT INTO {target} ({columns}) VALUES ({values.format(row='NEW')})"  # noqa: S608
        _on(table, "INSERT", f"{insert} ON CONFLICT DO NOTHING")
        if table == "users":
            # An erasure replaces the address.
            delete = f"DELETE FROM {target} WHERE user_pk = NEW.pk"  # noqa: S608
            _on(table, "UPDATE OF email_key", f"{delete}; {insert} ON CONFLICT DO NOTHING")


def _on(table: str, event: str, statements: str) -> None:
    """Run ``statements`` after servers of the release before have changed a row of ``table``.

    One release later these triggers go.
    """
    name = f"note_{table}_{event.partition(' ')[0].lower()}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {statements}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    else:
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {statements}; END")
