"""Databases without rows."""

import sqlite3
from contextlib import closing

import psycopg
import sqlalchemy as sa

from persistence.sql.columns import metadata
from persistence.sql.distributed_tables import copied_metadata
from tests.support import citus

# Otherwise a transaction that an earlier test has left open would stop the run without an end.
_LIMIT = "SET LOCAL lock_timeout = '60s'"


def empty(url: str, *, has_copies: bool = bool(citus.COORDINATOR)) -> None:
    """Delete the rows of all tables of the migrated database at ``url``."""
    copies = copied_metadata.sorted_tables if has_copies else []
    tables = [*copies, *reversed(metadata.sorted_tables)]
    emptied = [str(sa.delete(table)) for table in tables]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(
                "; ".join(["PRAGMA synchronous = OFF", "BEGIN", *emptied, "COMMIT"])
            )
        return
    # For the few rows of a test, DELETE takes a twentieth of the time of TRUNCATE.
    with psycopg.connect(url) as connection:
        connection.execute(_LIMIT)
        connection.execute("; ".join(emptied))
