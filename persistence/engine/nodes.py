"""Whether the rows of a database are distributed over nodes: docs/scale.md."""

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

_KEY = "is_distributed"  # of SQLAlchemy's Connection.info
# `waybill distribute` adds the distribution column to the primary key.
_IS_DISTRIBUTED = (
    "SELECT 1 FROM pg_constraint WHERE conrelid = to_regclass('orders') AND contype = 'p'"
    " AND cardinality(conkey) > 1"
)


def is_distributed(connection: sa.Connection) -> bool:
    """Return whether the database was distributed when the connection was opened."""
    return bool(connection.info.get(_KEY))


def known_distribution(engine: sa.Engine) -> bool | None:
    """Return what the engine's newest connection has found; None if none was opened yet."""
    if engine.dialect.name == "sqlite":
        return False
    # All engines of ``connect`` have a MeasuredPool.
    known: bool | None = engine.pool.is_distributed  # type: ignore[attr-defined]
    return known


def detect_distribution(engine: sa.Engine, *setup: str) -> None:
    """Look it up on each new connection to PostgreSQL; run ``setup`` if it is not distributed."""

    def detect(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(_IS_DISTRIBUTED)
        is_found = cursor.fetchone() is not None
        record.info[_KEY] = engine.pool.is_distributed = is_found  # type: ignore[attr-defined]
        if not is_found:
            for statement in setup:
                cursor.execute(statement)
        cursor.close()
        connection.commit()

    event.listen(engine, "connect", detect)
