"""Connections to PostgreSQL with a timeout for each answer.

A server that hangs, or whose machine is down, sends no error. Without a timeout, threads would wait
for it without end, and soon no thread would be left for requests.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import event

from persistence.engine.failures import AnswerTimeout
from persistence.engine.hosts import HostOrder
from persistence.engine.prepared import UniqueNamesConnection

_INTERVAL = 0.1  # seconds between the driver's checks for an interrupt
_CANCEL_TIMEOUT = 0.5

Answer = TypeVar("Answer")


class TimeoutConnection(UniqueNamesConnection):
    """Closes itself when an answer takes longer than ``timeout`` seconds.

    Raises AnswerTimeout. As after any lost connection, the statement may have been
    executed.
    """

    timeout: float | None = None

    def wait(
        self, gen: PQGen[Answer], interval: float = _INTERVAL, timeout: float | None = None
    ) -> Answer:
        try:
            return super().wait(gen, interval, timeout or self.timeout)
        except psycopg.OperationalError as error:
            # After an error of the server the connection is not ACTIVE any more.
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self._give_up()
            raise AnswerTimeout(*error.args) from error

    def _give_up(self) -> None:
        """Cancel the statement, in case the server is only slow, and close the connection."""
        with suppress(psycopg.Error):
            self.cancel_safe(timeout=_CANCEL_TIMEOUT)
        self.close()


def set_timeouts(
    engine: sa.Engine, seconds: float | None, connect_seconds: int, order: HostOrder
) -> None:
    """Set the timeouts of all connections of an engine of PostgreSQL.

    ``seconds``: for each answer; None: no timeout. ``connect_seconds``: for each host that a new
    connection tries, at least 2 (the minimum of libpq); `connect_timeout` in the URL overrides it.
    """

    def connect(
        _dialect: sa.Dialect, _record: object, arguments: list[Any], named: dict[str, Any]
    ) -> psycopg.Connection[Any]:
        named.setdefault("connect_timeout", connect_seconds)
        order.apply(named)
        connection = TimeoutConnection.connect(*arguments, **named)
        order.note(connection)
        connection.timeout = seconds
        return connection

    event.listen(engine, "do_connect", connect)


@contextmanager
def shortened_timeout(connection: sa.Connection, seconds: float) -> Iterator[None]:
    """Shorten the timeout of a connection to PostgreSQL in the block; SQLite has none."""
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
