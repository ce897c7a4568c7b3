"""When each mail worker last reported: a row for each process."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from persistence.sql.bulk import insert
from persistence.sql.columns import UtcDateTime, metadata

_LIFETIME = timedelta(days=1)

worker_heartbeats = sa.Table(
    "worker_heartbeats",
    metadata,
    sa.Column("uuid", sa.Uuid, primary_key=True),
    sa.Column("seen_date", UtcDateTime, nullable=False),
)


def record_heartbeat(connection: sa.Connection, worker: UUID, now: datetime) -> None:
    """Record that ``worker`` runs; delete the rows of workers that have not reported for a day."""
    statement = insert(connection.dialect.name, worker_heartbeats)
    statement = statement.values(uuid=worker, seen_date=now)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[worker_heartbeats.c.uuid], set_={"seen_date": now}
        )
    )
    connection.execute(
        sa.delete(worker_heartbeats).where(
            worker_heartbeats.c.seen_date < now - _LIFETIME,
            worker_heartbeats.c.uuid != worker,
        )
    )
