from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from persistence.engine.engines import Engines


def driver_of(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection


def test_connections_in_use_are_closed_when_they_are_returned(engines: Engines) -> None:
    closed: list[object] = []
    for engine in (engines.writing, engines.autocommit, engines.snapshot, engines.cache_writer):
        event.listen(engine, "close", lambda driver, _entry: closed.append(driver))
        with engine.connect() as connection:
            driver = driver_of(connection)
            engines.dispose()
            answer = connection.scalar(sa.text("SELECT 2"))
            assert driver not in closed

        assert answer == 2
        assert driver in closed


def test_later_connections_are_reused(engines: Engines) -> None:
    engines.dispose()
    with engines.autocommit.connect() as connection:
        first = driver_of(connection)
    with engines.autocommit.connect() as connection:
        second = driver_of(connection)

    assert first is second
