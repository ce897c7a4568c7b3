"""The timeout for a PostgreSQL that does not answer."""

import socket
from collections.abc import Iterator
from threading import Timer
from time import monotonic

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from domain.shared.errors import Unavailable
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from tests.conftest import KIND, MakeUrl
from tests.support.fakes import fake_renderers

on_a_server = pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no server to wait for")

SECONDS = 0.3
_MIGRATING = 0x57617962696C6C
_ASLEEP = (
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(20)'"
)


@pytest.fixture
def short_timeout(migrated_url: str) -> Iterator[Engines]:
    engines = connect(migrated_url, Pool(1, SECONDS))
    yield engines
    engines.dispose()


@on_a_server
@pytest.mark.parametrize("name", ["writing", "autocommit", "snapshot"])
def test_a_statement_is_cancelled_after_the_timeout(short_timeout: Engines, name: str) -> None:
    engine, began = getattr(short_timeout, name), monotonic()

    with engine.connect() as connection, pytest.raises(OperationalError) as raised:
        connection.exec_driver_sql("SELECT pg_sleep(20)")

    assert monotonic() - began < 5
    assert raised.value.connection_invalidated
    with engine.connect() as connection:
        assert connection.exec_driver_sql(_ASLEEP).scalar() == 0


def test_a_server_that_accepts_and_does_not_answer_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"postgres://waybill@127.0.0.1:{listener.getsockname()[1]}/none"
        database = _open(url)
        began = monotonic()

        with pytest.raises(Unavailable):
            database.require_ready()

    assert monotonic() - began < 5


@on_a_server
def test_a_migration_has_no_timeout(make_url: MakeUrl) -> None:
    url = make_url()
    database = _open(url)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        release = Timer(3 * SECONDS, other.execute, ["SELECT pg_advisory_unlock_all()"])
        release.start()

        database.migrate()

        release.join()
    database.require_ready()
    database.close()


def _open(url: str) -> Database:
    return Database(url, renderers=fake_renderers(), pool=Pool(1, SECONDS))
