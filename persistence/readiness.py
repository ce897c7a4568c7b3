"""Whether requests can be served: a few cheap queries, since probes run every second."""

import os
import sqlite3
from functools import partial

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from domain.shared.readiness import Corrupt, ReadOnly
from persistence import migrations
from persistence.accounts.sessions import sessions
from persistence.accounts.users import users
from persistence.engine.engines import Engines
from persistence.engine.failures import is_busy, is_corrupt, is_read_only, read_again_if_closed
from persistence.engine.files import file_of
from persistence.engine.sqlite import busy_timeout
from persistence.engine.statement_timeouts import shortened_timeout
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders

SECONDS = 2.0  # timeout of each answer of PostgreSQL

# Columns of the newest rows that SQLite has to read from the tables, not from an index.
_READ = sa.select(
    *(
        sa.select(column).order_by(column.table.c.pk.desc()).limit(1).scalar_subquery()
        for column in (orders.c.number, order_items.c.price, users.c.uuid)
    ),
    sa.select(sessions.c.expires_date).limit(1).scalar_subquery(),
)
_IS_READ_ONLY = sa.select(
    sa.func.pg_is_in_recovery(), sa.func.current_setting("transaction_read_only") == "on"
)


def require_ready(engines: Engines) -> None:
    """Raises SchemaMismatch, ReadOnly, Corrupt, and SQLAlchemy's errors after a timeout."""
    try:
        read_again_if_closed(partial(_check, engines))
    except DBAPIError as error:
        if is_read_only(error):
            raise ReadOnly from error
        if is_corrupt(error):
            raise Corrupt from error
        raise


def _check(engines: Engines) -> None:
    with engines.autocommit.connect() as connection, shortened_timeout(connection, SECONDS):
        migrations.require_compatible(migrations.state_of(connection))
        connection.execute(_READ).one()
        _require_writable(connection, engines)


def _require_writable(connection: sa.Connection, engines: Engines) -> None:
    if connection.dialect.name == "postgresql":
        if any(connection.execute(_IS_READ_ONLY).one()):
            raise ReadOnly
        return
    file = file_of(engines.writing)
    # A connection can still write to files that it has open when no new connection could.
    if file is not None and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        raise ReadOnly
    _take_write_lock(connection)


def _take_write_lock(connection: sa.Connection) -> None:
    """Take SQLite's write lock and release it at once, unless a writer has it.

    A writer that has it shows that the database is writable, so there is no need to wait.
    """
    usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    connection.exec_driver_sql(busy_timeout(0))
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("ROLLBACK")
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.OperationalError) or not is_busy(error.orig):
            raise
    finally:
        if not connection.invalidated:
            connection.exec_driver_sql(busy_timeout(usual))
