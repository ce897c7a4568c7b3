"""Closes connections that were in use when their pool was disposed of."""

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

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
