"""Migrations run one by one, while servers of the previous release work with the tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from domain.shared.errors import Unavailable
from domain.shared.readiness import SchemaMismatch
from persistence import migrations
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.migrations import SchemaState, running
from persistence.migrations.running import MigrationBlocked
from tests.conftest import KIND, MakeUrl
from tests.support.fakes import fake_renderers
from tests.support.releases import (
    CONCURRENT,
    CONTRACTING,
    EXPANDING,
    FAILING,
    NextRelease,
    oldest_code,
)
from tests.support.stored import change_notes, listed, store_order, store_user

on_a_server = pytest.mark.skipif(KIND == "sqlite", reason="about a server")


@pytest.fixture
def url(copy_url: MakeUrl) -> str:
    """A database of the test's own, with the tables of this release."""
    return copy_url()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url, renderers=fake_renderers(), pool=Pool(2))
    yield database
    database.close()


@pytest.fixture
def own_engines(url: str) -> Iterator[Engines]:
    engines = connect(url, Pool(2))
    yield engines
    engines.dispose()


def state(engines: Engines) -> SchemaState:
    with engines.autocommit.connect() as connection:
        return migrations.state_of(connection)


def migrate(database: Database, release: NextRelease) -> None:
    with release.code():
        database.migrate()


class TestExpandedTables:
    @pytest.fixture(autouse=True)
    def expanded(self, database: Database, next_release: NextRelease) -> str:
        revision = next_release.add_step(EXPANDING)
        migrate(database, next_release)
        return revision

    def test_are_ready_for_the_previous_release(self, database: Database) -> None:
        database.require_ready()
        database.require_schema()

    def test_are_read_and_written_by_the_previous_release(self, database: Database) -> None:
        order = store_order(database, user_pk=store_user(database).pk)
        [before] = listed(database, order.user_pk)
        change_notes(database, order.pk, "changed")

        [after] = listed(database, order.user_pk)
        assert after["version"] > before["version"]

    def test_are_ready_for_their_own_code(
        self, database: Database, next_release: NextRelease
    ) -> None:
        with next_release.code():
            database.require_ready()
            database.require_schema()

    def test_are_not_changed_by_the_previous_release(
        self, database: Database, own_engines: Engines, expanded: str
    ) -> None:
        database.migrate()

        assert state(own_engines) == SchemaState(expanded, oldest_code())


def test_tables_of_the_previous_release_are_not_ready(
    database: Database, next_release: NextRelease
) -> None:
    revision = next_release.add_step(EXPANDING)
    with next_release.code():
        for require in (database.require_ready, database.require_schema):
            with pytest.raises(SchemaMismatch) as refusal:
                require()
            assert refusal.value.params["needed"] == revision


def test_contracted_tables_are_not_ready_for_the_previous_release(
    database: Database, next_release: NextRelease
) -> None:
    next_release.add_step(EXPANDING)
    revision = next_release.add_step(CONTRACTING, is_contracting=True)
    migrate(database, next_release)

    for refused in (database.require_ready, database.require_schema, database.migrate):
        with pytest.raises(SchemaMismatch) as refusal:
            refused()
        assert refusal.value.params == {"found": revision, "needed": migrations.head()}
    with next_release.code():
        database.require_ready()


def test_without_a_record_only_the_same_revision_is_ready() -> None:
    assert SchemaState("0013").accepts("0013")
    assert not SchemaState("0013").accepts("0012")
    assert not SchemaState("0013").accepts("0014")
    assert not SchemaState(None).accepts("0014")


def test_tables_of_an_unknown_revision_are_refused(
    database: Database, own_engines: Engines
) -> None:
    with own_engines.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0005x'")

    with pytest.raises(SchemaMismatch):
        database.migrate()


def test_what_succeeded_before_a_failure_stays(
    database: Database, own_engines: Engines, next_release: NextRelease
) -> None:
    expanded = next_release.add_step(EXPANDING)
    next_release.add_step(FAILING)

    with pytest.raises((DBAPIError, Unavailable)):
        migrate(database, next_release)

    assert state(own_engines).revision == expanded
    database.require_ready()


class TestConcurrentIndex:
    def test_is_created(
        self, database: Database, own_engines: Engines, next_release: NextRelease
    ) -> None:
        revision = next_release.add_step(CONCURRENT, is_concurrent=True)

        migrate(database, next_release)

        assert state(own_engines) == SchemaState(revision, oldest_code())
        assert is_valid(own_engines)

    def test_is_created_by_one_of_two_processes(
        self, url: str, own_engines: Engines, next_release: NextRelease
    ) -> None:
        next_release.add_step(CONCURRENT, is_concurrent=True)
        databases = [Database(url, renderers=fake_renderers()) for _ in range(2)]
        with next_release.code():
            threads = [Thread(target=database.migrate) for database in databases]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert is_valid(own_engines)
        for database in databases:
            database.close()

    @on_a_server
    def test_replaces_an_invalid_one(
        self, database: Database, own_engines: Engines, next_release: NextRelease
    ) -> None:
        next_release.add_step(CONCURRENT, is_concurrent=True)
        with own_engines.writing.begin() as connection:
            connection.exec_driver_sql("CREATE INDEX ix_orders_wish ON orders (pk)")
            connection.exec_driver_sql(
                "UPDATE pg_index SET indisvalid = false"
                " WHERE indexrelid = 'ix_orders_wish'::regclass"
            )

        migrate(database, next_release)

        assert is_valid(own_engines)


def is_valid(engines: Engines) -> bool:
    """Whether the index is on the column that it is for, and valid."""
    indexes = sa.inspect(engines.autocommit).get_indexes("orders")
    [index] = [index for index in indexes if index["name"] == "ix_orders_wish"]
    assert index["column_names"] == ["bin_number"]
    if KIND == "sqlite":
        return True
    query = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_orders_wish'::regclass"
    with engines.autocommit.connect() as connection:
        return bool(connection.exec_driver_sql(query).scalar_one())


@contextmanager
def reading_orders(url: str) -> Iterator[psycopg.Connection]:
    """A transaction that has read orders, so that they can't be altered."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT count(*) FROM orders")
        yield connection


@on_a_server
class TestLocks:
    @pytest.fixture(autouse=True)
    def short_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        timeout = sa.select(sa.func.set_config("lock_timeout", "1ms", True))
        monkeypatch.setattr(running, "_SET_LOCK_TIMEOUT", timeout)

    def test_that_are_never_free_change_nothing(
        self,
        url: str,
        database: Database,
        own_engines: Engines,
        next_release: NextRelease,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(running, "MAX_ATTEMPTS", 2)
        next_release.add_step(EXPANDING)
        before = state(own_engines)

        with reading_orders(url), pytest.raises(MigrationBlocked):
            migrate(database, next_release)

        assert state(own_engines) == before
        assert not sa.inspect(own_engines.autocommit).has_table("wishes")

    def test_are_retried(
        self,
        url: str,
        database: Database,
        own_engines: Engines,
        next_release: NextRelease,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        revision = next_release.add_step(EXPANDING)
        with reading_orders(url) as reader:
            monkeypatch.setattr(running, "sleep", lambda _seconds: reader.rollback())
            migrate(database, next_release)

        assert state(own_engines).revision == revision

    def test_of_another_process_that_migrates_are_waited_for(
        self, url: str, database: Database, own_engines: Engines, next_release: NextRelease
    ) -> None:
        next_release.add_step(EXPANDING)
        waits = Event()
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [running._LOCK])  # noqa: SLF001

            def sleep(_seconds: float) -> None:
                waits.set()
                other.rollback()

            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(running, "sleep", sleep)
                migrate(database, next_release)

        assert waits.is_set()
        assert sa.inspect(own_engines.autocommit).has_table("wishes")
