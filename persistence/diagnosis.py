"""What `waybill doctor` reads from the database."""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from domain.outbox import OutboxStatus
from persistence.engine.engines import Engines
from persistence.outbox import outbox_events
from persistence.sql.columns import UtcDateTime


class OutboxState(NamedTuple):
    """When the next pending e-mail is or was due (None: there is none), and how many are dead."""

    next_due: datetime | None
    dead: int


_COUNT_DEAD = sa.select(sa.func.count()).where(outbox_events.c.status == OutboxStatus.DEAD)
_NEXT_DUE = sa.select(sa.func.min(outbox_events.c.due_date)).where(
    outbox_events.c.status == OutboxStatus.PENDING
)
_OUTBOX = sa.select(_NEXT_DUE.scalar_subquery(), _COUNT_DEAD.scalar_subquery())
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
