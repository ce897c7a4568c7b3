"""Backups that are restored while connections to the database stay open."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import sqlalchemy as sa
from psycopg import sql

from persistence.sql.columns import metadata
from persistence.sql.distributed_tables import copied_metadata
from tests.support import citus

Connection = psycopg.Connection[Any]
Restore = Callable[[], None]


def back_up(url: str) -> Restore:
    """Copy all rows; return the function that restores them, with the sequences."""
    if url.startswith("sqlite"):
        return back_up_sqlite(Path(url.removeprefix("sqlite:///")))
    return _back_up_postgres(url)


def back_up_sqlite(file: Path) -> Restore:
    """Like `.backup` and `.restore` of the sqlite3 shell."""
    copy = file.with_suffix(".backup")
    _copy(file, copy)
    return lambda: _copy(copy, file)


def back_up_to_replace(file: Path) -> Restore:
    """As `mv` does it: another file gets the name, and the old write-ahead log is deleted."""
    copy = file.with_suffix(".copy")
    _copy(file, copy)
    shutil.copymode(file, copy)  # later tests use the file, and commands warn of open permissions

    return lambda: move_into_place(copy, file)


def move_into_place(copy: Path, file: Path) -> None:
    """Restore a copy of the file, which stays."""
    new = file.with_suffix(".new")
    shutil.copy(copy, new)
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    new.replace(file)


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source)) as source_connection,
        closing(sqlite3.connect(target)) as target_connection,
    ):
        source_connection.backup(target_connection)


def _back_up_postgres(url: str) -> Restore:
    copies = copied_metadata.sorted_tables if citus.COORDINATOR else []
    tables = [*metadata.sorted_tables, *copies]
    with psycopg.connect(url) as connection:
        rows = {table: _rows(connection, table) for table in tables}
        sequences = [
            (name, *_position(connection, name))
            for table in metadata.sorted_tables
            if "pk" in table.c and (name := _sequence(connection, table))
        ]

    def restore() -> None:
        with psycopg.connect(url) as connection:
            for table in reversed(tables):
                connection.execute(_sql("DELETE FROM {}", table.name))
            for table in tables:
                with connection.cursor().copy(_sql("COPY {} FROM STDIN", table.name)) as copy:
                    copy.write(rows[table])
            for sequence in sequences:
                connection.execute("SELECT setval(%s, %s, %s)", sequence)

    return restore


def _rows(connection: Connection, table: sa.Table) -> bytes:
    with connection.cursor().copy(_sql("COPY (SELECT * FROM {}) TO STDOUT", table.name)) as copy:
        return b"".join(copy)


def _sequence(connection: Connection, table: sa.Table) -> str | None:
    [row] = connection.execute("SELECT pg_get_serial_sequence(%s, 'pk')", [table.name]).fetchall()
    name: str | None = row[0]
    return name


def _position(connection: Connection, sequence: str) -> tuple[int, bool]:
    """Return the last value, and whether it was used."""
    query = _sql("SELECT last_value, is_called FROM {}", *sequence.split("."))
    [(last_value, is_called)] = connection.execute(query).fetchall()
    return last_value, is_called


def _sql(statement: LiteralString, *name: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(*name))
