from datetime import timedelta
from uuid import uuid4

import sqlalchemy as sa

from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.heartbeats import worker_heartbeats
from tests.support.builders import NOW
from tests.support.fakes import FakeClock


def seen(engines: Engines) -> dict[object, object]:
    with engines.autocommit.connect() as connection:
        rows = connection.execute(sa.select(worker_heartbeats)).all()
    return {row.uuid: row.seen_date for row in rows}


def test_a_worker_has_one_row_with_its_last_report(
    database: Database, engines: Engines, clock: FakeClock
) -> None:
    first, second = uuid4(), uuid4()
    database.record_heartbeat(first)
    database.record_heartbeat(second)
    clock.now = NOW + timedelta(seconds=15)

    database.record_heartbeat(first)

    assert seen(engines) == {first: clock.now, second: NOW}


def test_rows_of_ended_workers_are_deleted_after_a_day(
    database: Database, engines: Engines, clock: FakeClock
) -> None:
    ended, running = uuid4(), uuid4()
    database.record_heartbeat(ended)
    clock.now = NOW + timedelta(days=1)
    database.record_heartbeat(running)
    assert seen(engines).keys() == {ended, running}
    clock.now += timedelta(seconds=1)

    database.record_heartbeat(running)

    assert seen(engines) == {running: clock.now}
