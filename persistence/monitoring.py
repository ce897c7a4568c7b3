"""Figures for monitoring: one statement, apart from that for the schema revision."""

from datetime import datetime
from functools import cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from domain.orders.cancellations import CancellationStatus
from domain.outbox import OutboxStatus
from domain.shared.errors import Unavailable
from domain.shared.monitoring import AGES, DatabaseFigures, ShopFigures
from persistence import migrations
from persistence.engine.engines import Engines
from persistence.engine.failures import read_again_if_closed
from persistence.engine.statement_timeouts import shortened_timeout
from persistence.heartbeats import worker_heartbeats
from persistence.orders.cancellations import cancellation_requests
from persistence.outbox import outbox_events
from persistence.sql.columns import UtcDateTime

SECONDS = 2.0  # how long to wait for each response of PostgreSQL


def read_figures(engines: Engines, now: datetime) -> DatabaseFigures:
    """Read the figures; only the revision if this release does not work with the tables.

    Raises Unavailable, and SQLAlchemy's TimeoutError if no connection is free.
    """
    try:
        return read_again_if_closed(partial(_read_figures, engines, now))
    except DBAPIError as error:
        raise Unavailable from error


def _read_figures(engines: Engines, now: datetime) -> DatabaseFigures:
    needed = migrations.head()
    with engines.autocommit.connect() as connection, shortened_timeout(connection, SECONDS):
        state = migrations.state_of(connection)
        return DatabaseFigures(
            revision=state.revision,
            needed_revision=needed,
            shop=_shop(connection, now) if state.accepts(needed) else None,
        )


def _shop(connection: sa.Connection, now: datetime) -> ShopFigures:
    bounds = {f"after_{at}": now - age for at, age in enumerate(AGES)}
    row = connection.execute(_figures(), bounds).one()
    younger = [*row[len(row) - len(AGES) - 1 :]]
    return ShopFigures(
        outbox_pending=row.pending,
        outbox_oldest=_age(row.oldest_pending, now),
        outbox_dead=row.dead,
        # Differences of cumulative counts.
        open_requests=tuple(
            older - count for count, older in zip([0, *younger[:-1]], younger, strict=True)
        ),
        oldest_open_request=_age(row.oldest_open, now),
        mail_worker_seen=row.seen.timestamp() if row.seen else 0.0,
    )


def _age(date: datetime | None, now: datetime) -> float:
    return max(0.0, (now - date).total_seconds()) if date else 0.0


@cache
def _figures() -> sa.Select[Any]:
    """The last columns count the open requests younger than each of AGES, and then all of them."""
    events, requests = outbox_events.c, cancellation_requests.c
    is_pending = events.status == OutboxStatus.PENDING
    is_open = requests.status == CancellationStatus.OPEN
    count = sa.func.count()
    younger = [
        requests.created_date > sa.bindparam(f"after_{at}", type_=UtcDateTime)
        for at in range(len(AGES))
    ]
    return sa.select(
        _one(count, outbox_events, is_pending).label("pending"),
        _one(sa.func.min(events.created_date), outbox_events, is_pending).label("oldest_pending"),
        _one(count, outbox_events, events.status == OutboxStatus.DEAD).label("dead"),
        _one(sa.func.max(worker_heartbeats.c.seen_date), worker_heartbeats).label("seen"),
        _one(sa.func.min(requests.created_date), cancellation_requests, is_open).label(
            "oldest_open"
        ),
        *(_one(count, cancellation_requests, is_open, condition) for condition in younger),
        _one(count, cancellation_requests, is_open),
    )


def _one(
    column: sa.ColumnElement[Any], table: sa.Table, *conditions: sa.ColumnElement[bool]
) -> sa.ScalarSelect[Any]:
    return sa.select(column).select_from(table).where(*conditions).scalar_subquery()
