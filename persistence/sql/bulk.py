"""Writing many rows of one table at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from persistence.engine.nodes import is_distributed
from persistence.sql.columns import OWNER, UtcDateTime
from persistence.sql.compiled_query import CompiledQuery, Connected, Values
from persistence.sql.distributed_tables import unique_key

Row = dict[str, Any]
Insert = postgresql.Insert | sqlite.Insert

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class DoNothing:
    """Skip rows whose ``key`` exists; without a key, rows that conflict with any unique key."""

    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overwrite:
    """Overwrite existing rows of the same ``key``, except for ``unchanged`` columns."""

    key: tuple[str, ...]
    unchanged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Increment:
    """Add to existing rows of the same ``key``; all other columns are numbers."""

    key: tuple[str, ...]


OnConflict = DoNothing | Overwrite | Increment


def insert(dialect: str, table: sa.Table) -> Insert:
    """Return an INSERT into ``table`` that has ``on_conflict_do_update`` and ``_do_nothing``."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_rows(
    work: Connected,
    table: sa.Table,
    rows: Sequence[Row],
    on_conflict: OnConflict | None = None,
) -> int:
    """Insert the rows, which all have the same columns; return how many were written.

    Without ``on_conflict``, existing rows raise IntegrityError. PostgreSQL gets all rows as one
    JSON text, which it reads by the types of the table. That costs both sides a fraction of one
    statement per row. Citus gets a statement per row, which names its node.
    """
    if not rows:
        return 0
    work.flush()
    connection = work.connection
    dialect, names = connection.dialect.name, tuple(rows[0])
    if is_distributed(connection):
        if on_conflict is not None and on_conflict.key:
            on_conflict = replace(on_conflict, key=unique_key(table, on_conflict.key))
    elif dialect == "postgresql":
        query, values = insertion(table, rows, on_conflict)
        return query.compiled(connection.dialect).change(connection, values)
    query = _insert_values(dialect, table, names, on_conflict)
    return query.compiled(connection.dialect).change_many(connection, rows)


def insertion(
    table: sa.Table, rows: Sequence[Row], on_conflict: OnConflict | None
) -> tuple[CompiledQuery, Values]:
    """Return the statement for PostgreSQL that inserts the rows, and its parameters."""
    names = tuple(rows[0])
    text = _json_text(_json_rows(table, names, rows))
    return _insert_json(table, names, on_conflict), {"rows": text}


@cache
def _insert_json(
    table: sa.Table, names: tuple[str, ...], on_conflict: OnConflict | None
) -> CompiledQuery:
    statement = insert("postgresql", table).from_select(names, _read_as(table, names))
    return CompiledQuery(_on_conflict(statement, table, names, on_conflict))


@cache
def _insert_values(
    dialect: str, table: sa.Table, names: tuple[str, ...], on_conflict: OnConflict | None
) -> CompiledQuery:
    values: dict[str, Any] = {name: sa.bindparam(name, type_=table.c[name].type) for name in names}
    statement = insert(dialect, table).values(values)
    return CompiledQuery(_on_conflict(statement, table, names, on_conflict))


def _on_conflict(
    statement: Insert, table: sa.Table, names: Sequence[str], on_conflict: OnConflict | None
) -> Insert:
    if isinstance(on_conflict, DoNothing):
        statement = statement.on_conflict_do_nothing(index_elements=on_conflict.key or None)
    elif on_conflict is not None:
        changed = _changed(on_conflict, table, statement.excluded, names)
        statement = statement.on_conflict_do_update(index_elements=on_conflict.key, set_=changed)
    return statement


def _changed(
    on_conflict: Overwrite | Increment, table: sa.Table, inserted: Any, names: Sequence[str]
) -> dict[str, sa.ColumnElement[Any]]:
    """Return the new values of the columns of an existing row."""
    if isinstance(on_conflict, Increment):
        added = [name for name in names if name not in on_conflict.key]
        return {name: table.c[name] + inserted[name] for name in added}
    # A row never moves to another user.
    unchanged = {*on_conflict.key, *on_conflict.unchanged, OWNER}
    return {name: inserted[name] for name in names if name not in unchanged}


def _read_as(table: sa.Table, names: Sequence[str]) -> sa.Select[Any]:
    """Select the columns from the parameter ``rows``, a JSON array of objects."""
    no_row: sa.ColumnElement[Any] = sa.literal_column(f"NULL::{table.name}")
    rows = sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON)
    read = sa.func.json_populate_recordset(no_row, rows).table_valued(*names)
    return sa.select(*(read.c[name] for name in names))


def _json_text(rows: Sequence[Row]) -> str:
    option = orjson.OPT_PASSTHROUGH_DATETIME
    try:
        return orjson.dumps(rows, default=_as_text, option=option).decode()
    except orjson.JSONEncodeError as error:
        raise (error.__cause__ or error) from None


def _json_rows(table: sa.Table, names: tuple[str, ...], rows: Sequence[Row]) -> Sequence[Row]:
    """Convert the values whose column types have a bind processor of their own."""
    writers = _writers(table, names)
    if not writers:
        return rows
    return [row | {name: write(row[name]) for name, write in writers} for row in rows]


@cache
def _writers(
    table: sa.Table, names: tuple[str, ...]
) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    return tuple(
        (name, _writer(kind))
        for name in names
        if isinstance(kind := table.c[name].type, sa.types.TypeDecorator)
        and not isinstance(kind, UtcDateTime)
    )


def _writer(kind: sa.types.TypeDecorator[Any]) -> Callable[[Any], Any]:
    return lambda value: kind.process_bind_param(value, _POSTGRESQL)


def _as_text(value: object) -> str:
    """Return bytes, dates and times in the text format of PostgreSQL."""
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a datetime without a time zone can not be stored")
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} can not be written")
