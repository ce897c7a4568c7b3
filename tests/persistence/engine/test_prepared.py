"""Prepared statements have unique names, and a missing statement is an error."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg._preparing import PrepareManager
from sqlalchemy.exc import DBAPIError

from domain.shared.errors import Unavailable
from persistence.accounts.users import users
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.engine.prepared import UniqueNames, UniqueNamesConnection
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.work import Work
from tests.conftest import KIND, MakeUrl
from tests.support.fakes import fake_renderers

on_a_server = pytest.mark.skipif(KIND == "sqlite", reason="SQLite prepares nothing on a server")

NAMES = "SELECT name FROM pg_prepared_statements WHERE strpos(statement, 'pg_prepared') = 0"
FIRST_NAMES = CompiledQuery(sa.select(users.c.first_name).where(users.c.pk >= sa.bindparam("pk")))


def test_the_overridden_methods_are_those_of_psycopg() -> None:
    """The overridden methods are those that the pinned psycopg uses."""
    assert PrepareManager.get is not UniqueNames.get
    assert issubclass(UniqueNamesConnection, psycopg.Connection)


@pytest.fixture
def single(migrated_url: str) -> Iterator[Engines]:
    """Engines with one connection in each pool."""
    engines = connect(migrated_url, Pool(1))
    yield engines
    engines.dispose()


@on_a_server
class TestNames:
    @pytest.mark.parametrize("name", ["writing", "autocommit", "cache_writer"])
    def test_are_unique_for_each_connection(self, single: Engines, name: str) -> None:
        engine, names = getattr(single, name), []
        for _ in range(2):
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
                names.append(set(connection.exec_driver_sql(NAMES).scalars()))
            engine.dispose()

        assert all(names)
        assert names[0].isdisjoint(names[1])
        assert all(
            statement_name.startswith("waybill_") and len(statement_name) < 63
            for statement_name in names[0] | names[1]
        )

    def test_are_reused(self, single: Engines) -> None:
        with single.autocommit.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            before = set(connection.exec_driver_sql(NAMES).scalars())
            for _ in range(3):
                connection.exec_driver_sql("SELECT 1")

            assert set(connection.exec_driver_sql(NAMES).scalars()) == before

    def test_are_not_used_behind_a_transaction_pooler(self, migrated_url: str) -> None:
        engines = connect(migrated_url, Pool(1, is_shared=True))
        for engine in (engines.writing, engines.autocommit, engines.snapshot, engines.cache_writer):
            with engine.connect() as connection:
                for _ in range(7):
                    connection.exec_driver_sql("SELECT 1")
                assert connection.exec_driver_sql(NAMES).all() == []
                mode = connection.exec_driver_sql("SHOW plan_cache_mode").scalar_one()
                assert mode == "auto"
        engines.dispose()


@on_a_server
class TestCacheConnection:
    def test_has_settings_for_its_transaction_only(self, single: Engines) -> None:
        names = ("lock_timeout", "synchronous_commit")
        with single.cache_writer.connect() as connection:
            usual = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
        with single.cache_connection() as connection:
            settings = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
        with single.cache_writer.connect() as connection:
            after = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]

        assert settings == ["250ms", "off"]
        assert after == usual


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = Database(migrated_url, renderers=fake_renderers(), pool=Pool(1))
    yield database
    database.close()


def forget(connection: Any) -> None:
    """Deallocate all statements, as after a pooler changed the server connection."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection
    driver.pgconn.exec_(b"DEALLOCATE ALL")


@on_a_server
class TestExchangedConnection:
    def test_a_missing_statement_closes_the_connection(self, single: Engines) -> None:
        with closing(Work(single.autocommit)) as work:
            FIRST_NAMES.rows(work, {"pk": 1})
            connection = work.connection
            forget(connection)
            with pytest.raises(DBAPIError) as raised:
                FIRST_NAMES.rows(work, {"pk": 1})

        assert raised.value.connection_invalidated
        assert getattr(raised.value.orig, "sqlstate", None) == "26000"
        with closing(Work(single.autocommit)) as work:
            assert FIRST_NAMES.rows(work, {"pk": 1}) is not None

    def test_a_missing_statement_of_sqlalchemy_closes_the_connection(self, single: Engines) -> None:
        with single.autocommit.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            forget(connection)
            with pytest.raises(DBAPIError) as raised:
                connection.exec_driver_sql("SELECT 1")

        assert raised.value.connection_invalidated
        with single.autocommit.connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1

    def test_a_name_in_use_closes_the_connection(self, single: Engines) -> None:
        with single.autocommit.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            names = [
                statement_name.rpartition("_")
                for statement_name in connection.exec_driver_sql(NAMES).scalars()
            ]
            # The query for the names was prepared under the next one.
            number = 2 + max(int(number) for *_, number in names)
            driver: Any = connection.connection.driver_connection
            driver.pgconn.exec_(f'PREPARE "{names[0][0]}_{number}" AS SELECT 666'.encode())
            with pytest.raises(DBAPIError) as raised:
                connection.exec_driver_sql("SELECT 2")

        assert raised.value.connection_invalidated
        assert getattr(raised.value.orig, "sqlstate", None) == "42P05"

    def test_raises_unavailable(self, database: Database) -> None:
        with database.reading() as uow:
            uow.sessions.owner(b"a" * 32)
            forget(uow.sessions._work.connection)  # type: ignore[attr-defined]  # noqa: SLF001

            with pytest.raises(Unavailable), database.reading():
                uow.sessions.owner(b"a" * 32)


@on_a_server
def test_a_plan_that_a_migration_made_stale_closes_the_connection(copy_url: MakeUrl) -> None:
    url = copy_url()
    engines = connect(url, Pool(1))
    with closing(Work(engines.autocommit)) as work:
        FIRST_NAMES.rows(work, {"pk": 1})
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("ALTER TABLE users ALTER COLUMN first_name TYPE varchar(9999)")

    with closing(Work(engines.autocommit)) as work, pytest.raises(DBAPIError) as raised:
        FIRST_NAMES.rows(work, {"pk": 1})

    assert raised.value.connection_invalidated
    assert "cached plan" in str(raised.value)
    with closing(Work(engines.autocommit)) as work:
        assert FIRST_NAMES.rows(work, {"pk": 1}) == []
    engines.dispose()
