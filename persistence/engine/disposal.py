"""Closes connections that were in use when their pool was disposed of."""

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from persistence.engine.failures import ended_connection

_DISPOSALS = "waybill_disposals"


def close_on_return(engine: sa.Engine) -> None:
    """Close such connections of ``engine`` when they are returned.

    SQLAlchemy returns them to the old pool, where they stay open until garbage collection.
    """
    disposals = 0

    def connect(_connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        entry.info[_DISPOSALS] = disposals

    def dispose(_engine: sa.Engine) -> None:
        nonlocal disposals
        disposals += 1

    def checkin(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        if connection is not None and entry.info[_DISPOSALS] != disposals:
            entry.invalidate()

    event.listen(engine, "connect", connect)
    event.listen(engine, "engine_disposed", dispose)
    event.listen(engine, "checkin", checkin)


def renew_together(engines: Iterable[sa.Engine], renew: Callable[[], None]) -> None:
    """Call ``renew`` when the server has ended a connection of one of these engines.

    After its restart or a failover, the connections of all pools are closed.
    """

    def invalidate(
        _connection: DBAPIConnection, _entry: ConnectionPoolEntry, error: BaseException | None
    ) -> None:
        if ended_connection(error):
            renew()

    for engine in engines:
        event.listen(engine, "invalidate", invalidate)
