"""What `waybill doctor` reads from the database."""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from domain.outbox import OutboxStatus
from persistence.engine.engines import Engines, Pool, connect
from persistence.engine.failures import cause_of
from persistence.engine.hosts import host_urls
from persistence.heartbeats import worker_heartbeats
from persistence.outbox import outbox_events
from persistence.sql.columns import UtcDateTime

IS_PRIMARY = "it is a primary"
_SECONDS = 5.0


class OutboxState(NamedTuple):
    """The pending and dead e-mails, and the last report of a mail worker.

    ``next_due``: when the first pending e-mail is or was due; None if none is pending. ``dead``:
    the number of e-mails that are not retried. ``worker_seen``: None if no worker has reported in
    the last day.
    """

    next_due: datetime | None
    dead: int
    worker_seen: datetime | None


_COUNT_DEAD = sa.select(sa.func.count()).where(outbox_events.c.status == OutboxStatus.DEAD)
_NEXT_DUE = sa.select(sa.func.min(outbox_events.c.due_date)).where(
    outbox_events.c.status == OutboxStatus.PENDING
)
_SEEN = sa.select(sa.func.max(worker_heartbeats.c.seen_date))
_OUTBOX = sa.select(
    _NEXT_DUE.scalar_subquery(), _COUNT_DEAD.scalar_subquery(), _SEEN.scalar_subquery()
)
_TIME = sa.select(sa.func.clock_timestamp(type_=UtcDateTime()))


def outbox_state(engines: Engines) -> OutboxState:
    """Return the state of the outbox. Raises SQLAlchemy's errors."""
    with engines.autocommit.connect() as connection:
        return OutboxState(*connection.execute(_OUTBOX).one())


def database_time(engines: Engines) -> datetime | None:
    """Return the time of PostgreSQL's clock; None for SQLite, which has none of its own.

    Raises SQLAlchemy's errors.
    """
    if engines.dialect.name != "postgresql":
        return None
    with engines.autocommit.connect() as connection:
        time: datetime = connection.execute(_TIME).scalar_one()
    return time


def standby_obstacles(url: str) -> dict[str, str | None]:
    """Return why each host of ``url``, by name, can't be read as a standby; None if it can."""
    return {host: _obstacle(host_url) for host, host_url in host_urls(url).items()}


def _obstacle(url: str) -> str | None:
    engines = connect(url, Pool(1, _SECONDS))
    try:
        with engines.autocommit.connect() as connection:
            is_standby = connection.execute(sa.select(sa.func.pg_is_in_recovery())).scalar_one()
    except SQLAlchemyError as error:
        return str(cause_of(error))
    finally:
        engines.dispose()
    return None if is_standby else IS_PRIMARY
