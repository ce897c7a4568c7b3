"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy spells once for each."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert(dialect: sa.Dialect, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT into ``table`` that has ``on_conflict_do_update`` and ``_do_nothing``."""
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
