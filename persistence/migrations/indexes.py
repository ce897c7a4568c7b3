"""Indexes on tables with many rows, for migrations with ``is_concurrent = True``."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op


def create_index_concurrently(
    name: str, table: str, columns: Sequence[str | sa.ColumnElement[Any]], **options: Any
) -> None:
    """Create an index while the table is read and written.

    An attempt that was interrupted leaves an invalid index on PostgreSQL, which is replaced.
    """
    op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
    op.create_index(name, table, columns, postgresql_concurrently=True, **options)
