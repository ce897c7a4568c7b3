"""Archived orders; e-mails and the audit trail in partitions by month, on PostgreSQL.

No row is copied: the old table becomes the first partition.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
# Servers of earlier revisions would wait while indexes with the date are built.
compatible_from = "0016"

# The columns of the index, and of each unique constraint, without the date.
TABLES = {
    "outbox_events": (["status", "due_date", "pk"], ["uuid"]),
    "audit_entries": (["subject_uuid"], []),
}


def upgrade() -> None:
    op.add_column("old_orders", sa.Column("archived_date", sa.DateTime(timezone=True)))
    if op.get_context().dialect.name != "postgresql":
        return
    for table, (indexed, unique) in TABLES.items():
        _partition(table, indexed, unique)
    op.create_index(
        op.f("ix_audit_entries_created_date"),
        "audit_entries",
        ["created_date"],
        postgresql_using="brin",
    )


def _partition(table: str, indexed: list[str], unique: list[str]) -> None:
    end = _end_of(table)
    before = f"{table}_before_{end:%Y%m}"
    op.execute(f"ALTER TABLE {table} RENAME TO {before}")
    _rekey(before, f"pk_{table}", "PRIMARY KEY", "pk")
    for column in unique:
        _rekey(before, f"uq_{table}_{column}", "UNIQUE", column)
    index = f"ix_{table}_{'_'.join(indexed)}"
    op.execute(f"ALTER INDEX {index} RENAME TO {index}_before_{end:%Y%m}")
    like = f"LIKE {before} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
    op.execute(f"CREATE TABLE {table} ({like}) PARTITION BY RANGE (created_date)")
    op.execute(f"ALTER SEQUENCE {table}_pk_seq OWNED BY {table}.pk")
    _add_keys(table, unique)
    op.execute(
        f"ALTER TABLE {table} ATTACH PARTITION {before}"
        f" FOR VALUES FROM (MINVALUE) TO ('{end.isoformat()}')"
    )
    # The partition has this index already, so it is only attached.
    op.create_index(op.f(index), table, indexed)
    op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def _rekey(table: str, name: str, kind: str, column: str) -> None:
    """Replace a key of the first partition by one with the date, under another name."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD {kind} ({column}, created_date)")


def _add_keys(table: str, unique: list[str]) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY (pk, created_date)")
    for column in unique:
        name = f"uq_{table}_{column}_created_date"
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({column}, created_date)")


def _end_of(table: str) -> datetime:
    """Return the first of the month after now and after all rows."""
    newest = None
    if not op.get_context().as_sql:
        newest = op.get_bind().scalar(sa.text(f"SELECT max(created_date) FROM {table}"))  # noqa: S608
    last = max(filter(None, (newest, datetime.now(UTC)))).astimezone(UTC)
    year, month = divmod(last.year * 12 + last.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)
