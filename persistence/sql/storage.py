"""How PostgreSQL stores a table; SQLite has no such options."""

import sqlalchemy as sa
from sqlalchemy import event


def alter_created(table: sa.Table, *changes: str) -> None:
    """Have these changes made to the table of PostgreSQL right after it is created."""
    for change in changes:
        execute_after_creation(table, f"ALTER TABLE {table.name} {change}")


def execute_after_creation(table: sa.Table, statement: str) -> None:
    """Have PostgreSQL execute this statement right after the table is created."""
    ddl: sa.DDL = sa.DDL(statement)  # type: ignore[no-untyped-call]
    event.listen(table, "after_create", ddl.execute_if(dialect="postgresql"))
