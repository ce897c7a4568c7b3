"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy spells once for each."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def insert(dialect: str, table: sa.Table) -> Insert:
    """Return an INSERT into ``table`` that has ``on_conflict_do_update`` and ``_do_nothing``."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
