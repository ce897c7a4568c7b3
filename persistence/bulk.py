"""Writing many rows of one table at once."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from persistence.upserts import insert

Row = dict[str, Any]
Insert = postgresql.Insert | sqlite.Insert


def insert_rows(
    session: Session,
    table: sa.Table,
    rows: Sequence[Row],
    on_conflict: Callable[[Insert], Insert] = lambda statement: statement,
) -> int:
    """Insert the rows, which all name the same columns; return how many were written.

    ``on_conflict`` adds to the statement what becomes of the rows that are there already. To
    PostgreSQL they go as one JSON text, which it reads by the types of the table: that costs both
    sides a fraction of what a statement for each row does.
    """
    if not rows:
        return 0
    dialect = session.get_bind().dialect
    statement = insert(dialect, table)
    parameters: Row | Sequence[Row] = rows
    if dialect.name == "postgresql":
        statement = statement.from_select(list(rows[0]), _read_as(table, list(rows[0])))
        parameters = {"rows": orjson.dumps(rows, default=_as_text).decode()}
    counted = on_conflict(statement).execution_options(preserve_rowcount=True)
    return session.connection().execute(counted, parameters).rowcount


def _read_as(table: sa.Table, names: Sequence[str]) -> sa.Select[Any]:
    """Select the columns from the parameter ``rows``, a JSON array of objects."""
    no_row: sa.ColumnElement[Any] = sa.literal_column(f"NULL::{table.name}")
    rows = sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON)
    read = sa.func.json_populate_recordset(no_row, rows).table_valued(*names)
    return sa.select(*(read.c[name] for name in names))


def _as_text(value: object) -> str:
    """Return bytes as PostgreSQL reads them."""
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} can not be written")
