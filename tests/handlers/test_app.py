from dataclasses import replace

import pytest

from handlers.app import create_app, database_of
from handlers.settings import Settings


@pytest.mark.parametrize(("threads", "connections", "at_work"), [(4, 10, 4), (8, 2, 2)])
def test_there_are_at_most_as_many_threads_as_connections(
    settings: Settings,
    threads: int,
    connections: int,
    at_work: int,
) -> None:
    app = create_app(replace(settings, threads=threads, database_pool_size=connections))
    database_of(app).close()

    assert app.bridge.size == at_work


def test_the_database_may_have_several_hosts(settings: Settings) -> None:
    several = "postgresql://h1:5432,h2:5432/shop"

    app = create_app(replace(settings, database_url=several, database_read_url=several))

    database = database_of(app)
    assert [standby.name for standby in database.standbys()] == ["h1:5432", "h2:5432"]
    database.close()
