"""Writing many rows of one table at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from persistence.upserts import Insert, insert

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave rows as they are where ``key`` is there already; no key stands for any unique one."""

    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace rows where ``key`` is there already, all but the key and the columns in ``kept``."""

    key: tuple[str, ...]
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Add:
    """Add to rows where ``key`` is there already: all other columns are numbers."""

    key: tuple[str, ...]


OnConflict = Skip | Replace | Add


def insert_rows(
    session: Session,
    table: sa.Table,
    rows: Sequence[Row],
    on_conflict: OnConflict | None = None,
) -> int:
    """Insert the rows, which all name the same columns; return how many were written.

    Without ``on_conflict``, rows that are there already raise IntegrityError. To PostgreSQL all go
    as one JSON text, which it reads by the types of the table: that costs both sides a fraction of
    what a statement for each row does.
    """
    if not rows:
        return 0
    dialect = session.get_bind().dialect.name
    statement = _insert(dialect, table, tuple(rows[0]), on_conflict)
    parameters: Row | Sequence[Row] = rows
    if dialect == "postgresql":
        parameters = {"rows": orjson.dumps(rows, default=_as_text).decode()}
    return session.connection().execute(statement, parameters).rowcount


@cache
def _insert(
    dialect: str, table: sa.Table, names: tuple[str, ...], on_conflict: OnConflict | None
) -> Insert:
    statement = insert(dialect, table)
    if dialect == "postgresql":
        statement = statement.from_select(names, _read_as(table, names))
    if isinstance(on_conflict, Skip):
        statement = statement.on_conflict_do_nothing(index_elements=on_conflict.key or None)
    elif on_conflict is not None:
        changed = _changed(on_conflict, table, statement.excluded, names)
        statement = statement.on_conflict_do_update(index_elements=on_conflict.key, set_=changed)
    return statement.execution_options(preserve_rowcount=True)


def _changed(
    on_conflict: Replace | Add, table: sa.Table, inserted: Any, names: Sequence[str]
) -> dict[str, sa.ColumnElement[Any]]:
    """Return what becomes of the columns of a row that is there already."""
    if isinstance(on_conflict, Add):
        added = [name for name in names if name not in on_conflict.key]
        return {name: table.c[name] + inserted[name] for name in added}
    kept = {*on_conflict.key, *on_conflict.kept}
    return {name: inserted[name] for name in names if name not in kept}


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
