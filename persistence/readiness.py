"""Whether requests can be served: a few cheap queries, since probes run every second."""

import logging
import os
import sqlite3
from functools import partial

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from domain.shared.errors import Unavailable
from domain.shared.readiness import (
    Corrupt,
    DistributedStandbys,
    NotReady,
    ReadOnly,
    TransactionPooler,
)
from persistence import migrations
from persistence.accounts.sessions import sessions
from persistence.accounts.users import users
from persistence.availability import Availability
from persistence.engine.engines import Engines, Pool
from persistence.engine.failures import is_busy, is_corrupt, is_read_only, read_again_if_closed
from persistence.engine.files import file_of
from persistence.engine.nodes import is_distributed
from persistence.engine.poolers import is_shared
from persistence.engine.sqlite import busy_timeout
from persistence.engine.standbys import Standbys
from persistence.engine.statement_timeouts import shortened_timeout
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders

logger = logging.getLogger(__name__)

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


class Readiness:
    """Whether one database can serve requests."""

    def __init__(
        self,
        url: str,
        pool: Pool,
        engines: Engines,
        standbys: Standbys | None,
        availability: Availability,
    ) -> None:
        self._url = url
        self._pool = pool
        self._engines = engines
        self._standbys = standbys
        self._availability = availability
        self._is_pooler_known = False

    def require_session_pooling(self) -> None:
        """Raises TransactionPooler for a pooler in transaction mode that the settings do not name.

        Raises Unavailable if the database does not answer, so that this is unknown.
        """
        if self._pool.is_shared or self._is_pooler_known:
            return
        with self._availability.required():
            if is_shared(self._url):
                raise TransactionPooler
        self._is_pooler_known = True

    def require_suitable_standbys(self) -> None:
        """Raises DistributedStandbys for standbys of a distributed database, and Unavailable."""
        if self._standbys is None:
            return
        with self._availability.required(), self._engines.autocommit.connect() as connection:
            if is_distributed(connection):
                raise DistributedStandbys

    def require_ready(self) -> None:
        """Raises Unavailable unless requests can be served; NotReady if the operator has to act.

        Takes a few seconds at most. Corruption that requests met in the last minute counts. Reads
        are served while the primary is away, if a standby may be read.
        """
        try:
            self._require_primary()
        except Unavailable as refusal:
            can_wait = not isinstance(refusal, NotReady) or isinstance(refusal, ReadOnly)
            if not can_wait or self._standbys is None or not self._standbys.is_any_readable:
                raise

    def _require_primary(self) -> None:
        if self._availability.is_corrupt:
            raise Corrupt
        try:
            self.require_session_pooling()
        except TransactionPooler:
            raise
        except Unavailable:
            # Connections may be scarce; a later probe will do, since no response is wrong by it.
            logger.warning("it is not known yet whether a pooler exchanges connections")
        self.require_suitable_standbys()
        with self._availability.required():
            try:
                _require_ready(self._engines)
            except ReadOnly:
                self._engines.reconnect()
                raise
            except DBAPIError as error:
                # Any cause, such as a missing table or permission, means that no request is served.
                self._availability.note_failure(error)
                raise Unavailable from error


def _require_ready(engines: Engines) -> None:
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
