"""Connections to PostgreSQL that wait so long for an answer and no longer.

A server whose machine is gone, or that stands still, never says so: without a deadline whoever
asked would wait for ever, and soon nobody would be left to answer requests.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import event

from persistence.engine.prepared import OwnNamesConnection

_INTERVAL = 0.1  # seconds; the driver looks so often whether it was interrupted
_CANCEL_TIMEOUT = 0.5

Answer = TypeVar("Answer")


class TimeoutConnection(OwnNamesConnection):
    """Gives itself up when an answer takes longer than ``timeout`` seconds.

    What was asked may have been done all the same, as with any connection that is lost. Raises
    psycopg.OperationalError.
    """

    timeout: float | None = None

    def wait(
        self, gen: PQGen[Answer], interval: float = _INTERVAL, timeout: float | None = None
    ) -> Answer:
        try:
            return super().wait(gen, interval, timeout or self.timeout)
        except psycopg.OperationalError:
            # Whatever the server says ends the wait, and with it what it was at.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self._give_up()
            raise

    def _give_up(self) -> None:
        """Ask the server to stop, in case that it is only slow, and hang up."""
        with suppress(psycopg.Error):
            self.cancel_safe(timeout=_CANCEL_TIMEOUT)
        self.close()


def set_timeout(engine: sa.Engine, seconds: float | None) -> None:
    """Let all connections of an engine of PostgreSQL wait so long at most; None: for ever.

    A new connection gets two seconds at least, since libpq knows no shorter time.
    """

    def connect(
        _dialect: sa.Dialect, _record: object, arguments: list[Any], named: dict[str, Any]
    ) -> psycopg.Connection[Any]:
        if seconds is not None:
            named.setdefault("connect_timeout", ceil(seconds))
        connection = TimeoutConnection.connect(*arguments, **named)
        connection.timeout = seconds
        return connection

    event.listen(engine, "do_connect", connect)


@contextmanager
def shortened_timeout(connection: sa.Connection, seconds: float) -> Iterator[None]:
    """Shorten the deadline of a connection to PostgreSQL in the block; SQLite has none."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver = cast(TimeoutConnection, connection.connection.driver_connection)
    usual = driver.timeout
    driver.timeout = seconds if usual is None else min(seconds, usual)
    try:
        yield
    finally:
        driver.timeout = usual
