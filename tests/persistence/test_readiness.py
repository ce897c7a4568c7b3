"""A database is ready when its tables have this release's revision and can be read and written."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from time import monotonic

import psycopg
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from domain.orders.orders import OrderQuery
from domain.sellers.callers import Scope
from domain.sellers.sellers import Seller
from domain.sellers.tokens import authenticate_token, create_seller_token, record_use
from domain.shared.errors import Unavailable
from domain.shared.paging import PageRequest
from domain.shared.readiness import Corrupt, ReadOnly, SchemaMismatch
from persistence import availability, migrations
from persistence import database as opening
from persistence.database import Database
from persistence.engine.engines import Pool
from persistence.orders.orders import orders
from tests.conftest import KIND, MakeUrl
from tests.support.builders import make_seller
from tests.support.fakes import fake_renderers
from tests.support.stored import change_notes, listed, store_order, store_user
from tests.support.stored_sellers import sold, store_sold

on_a_server = pytest.mark.skipif(KIND == "sqlite", reason="about a server")
on_a_file = pytest.mark.skipif(KIND == "postgres", reason="about a file")

_STEP = "UPDATE alembic_version SET version_num = '{}'"
_OLDEST = "UPDATE schema_compatibility SET compatible_from = '{}'"

Open = Callable[[], Database]


@pytest.fixture
def url(copy_url: MakeUrl) -> str:
    """The URL of a separate database with all tables."""
    return copy_url()


@pytest.fixture
def reopen(url: str) -> Iterator[Open]:
    """Opens the database again, as a new process does."""
    databases: list[Database] = []

    def opened() -> Database:
        databases.append(Database(url, renderers=fake_renderers(), pool=Pool(2)))
        return databases[-1]

    yield opened
    for database in databases:
        database.close()


@pytest.fixture
def database(reopen: Open) -> Database:
    return reopen()


def execute(url: str, statement: str) -> None:
    if KIND == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            file.execute(statement)
        return
    # Citus would make its workers read-only as well, and could then not make them writable again.
    options = "-c default_transaction_read_only=off -c citus.enable_ddl_propagation=off"
    with psycopg.connect(url, autocommit=True, options=options) as connection:
        connection.execute(statement.encode())


def make_read_only(url: str) -> None:
    """Make PostgreSQL read-only for new transactions, and SQLite as a failing device does."""
    name = sa.make_url(url).database
    execute(url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')


class TestRevision:
    def test_that_is_needed_is_that_of_the_last_step(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))

        assert migrations.head() == ScriptDirectory.from_config(config).get_current_head()

    def test_of_this_release_is_ready(self, database: Database) -> None:
        database.require_ready()

    def test_is_none_in_an_empty_database_until_it_is_migrated(self, make_url: MakeUrl) -> None:
        database = Database(make_url(), renderers=fake_renderers(), pool=Pool(2))
        with pytest.raises(SchemaMismatch) as refusal:
            database.require_ready()
        assert refusal.value.params == {"found": "none", "needed": migrations.head()}

        database.migrate()

        database.require_ready()
        database.close()

    @pytest.mark.parametrize("revision", ["0001", "9999"])
    def test_of_another_release_is_named(self, database: Database, url: str, revision: str) -> None:
        execute(url, _STEP.format(revision))
        execute(url, _OLDEST.format(revision))

        with pytest.raises(SchemaMismatch) as refusal:
            database.require_ready()

        assert refusal.value.params == {"found": revision, "needed": migrations.head()}

    def test_does_not_do_where_a_table_is_gone(self, database: Database, url: str) -> None:
        execute(url, "ALTER TABLE sessions RENAME TO lost")

        with pytest.raises(Unavailable):
            database.require_ready()


@on_a_server
class TestReadOnlyServer:
    def test_is_not_ready_and_is_read(self, database: Database, url: str, reopen: Open) -> None:
        order = store_order(database, user_pk=store_user(database).pk)
        make_read_only(url)
        database = reopen()

        with pytest.raises(ReadOnly):
            database.require_ready()
        assert len(listed(database, order.user_pk)) == 1
        with pytest.raises(Unavailable):
            change_notes(database, order.pk, "never")

    def test_logs_no_traceback_and_is_left_alone(
        self, database: Database, url: str, reopen: Open, caplog: pytest.LogCaptureFixture
    ) -> None:
        user = store_user(database)
        for _ in range(3):
            store_order(database, user_pk=user.pk)
        make_read_only(url)
        database = reopen()

        for size in (1, 2, 3):  # so that each page has an order that is not rendered yet
            with database.reading() as uow:
                uow.orders.page(OrderQuery(user.pk), PageRequest(limit=size), "en-us")

        records = [record for record in caplog.records if record.name.startswith("persistence")]
        assert [record.getMessage() for record in records] == [
            "rendered documents could not be stored: ReadOnlySqlTransaction"
        ]
        assert not any(record.exc_info for record in records)

    def test_is_read_through_new_connections_once_it_is_none(
        self, database: Database, url: str, reopen: Open
    ) -> None:
        make_read_only(url)
        database = reopen()
        with pytest.raises(ReadOnly):
            database.require_ready()

        name = sa.make_url(url).database
        execute(url, f'ALTER DATABASE "{name}" RESET default_transaction_read_only')

        database.require_ready()


@pytest.fixture
def seller(database: Database) -> Seller:
    """A seller with an order and a token."""
    [order] = store_sold(database, store_user(database).pk, {"items": [sold(make_seller())]})
    seller = order.items[0].seller
    assert seller is not None
    return seller


def token_of(database: Database, seller: Seller) -> str:
    with database.writing() as uow:
        return create_seller_token(seller.slug, "stock", list(Scope), timedelta(days=1), uow)[1]


def note(database: Database, token: str) -> date | None:
    """Record the use of a token; return the stored day of its last use."""
    with database.reading() as uow:
        caller = authenticate_token(token, uow)
    database.write_best_effort(lambda uow: record_use(caller, uow))
    with database.reading() as uow:
        stored = uow.seller_tokens.get(caller.token_pk)
    assert stored is not None
    return stored.last_used_day


class TestNotes:
    def test_are_stored(self, database: Database, seller: Seller) -> None:
        assert note(database, token_of(database, seller)) is not None

    def test_do_not_wait_long_and_are_tried_again_after_a_minute(
        self, database: Database, url: str, seller: Seller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = token_of(database, seller)
        with locked(url):
            began = monotonic()
            assert note(database, token) is None
            first = monotonic() - began
            assert note(database, token) is None
            second = monotonic() - began - first
        assert note(database, token) is None
        monkeypatch.setattr(opening, "_NOTES_PAUSE_SECONDS", 0)

        assert first < 2
        assert second < first
        assert note(database, token) is not None


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Block all other writers."""
    if KIND == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE seller_tokens IN SHARE MODE")
        yield


@on_a_file
class TestFile:
    @pytest.fixture
    def file(self, url: str) -> Path:
        return Path(url.removeprefix("sqlite:///"))

    def test_without_permission_to_write_is_read_only(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # os.access returns this for a file system that is mounted read-only, even to root.
        monkeypatch.setattr(os, "access", lambda *_: False)

        with pytest.raises(ReadOnly):
            database.require_ready()

    def test_that_is_opened_to_be_read_is_read_only(self, database: Database, url: str) -> None:
        order = store_order(database, user_pk=store_user(database).pk)
        file = url.removeprefix("sqlite:///")
        reader = Database(f"sqlite:///file:{file}?mode=ro&uri=true", renderers=fake_renderers())

        with pytest.raises(ReadOnly):
            reader.require_ready()
        assert len(listed(reader, order.user_pk)) == 1
        with pytest.raises(Unavailable):
            change_notes(reader, order.pk, "never")
        reader.close()

    def test_with_a_writer_is_ready_at_once(self, database: Database, url: str) -> None:
        with locked(url):
            began = monotonic()
            database.require_ready()

        assert monotonic() - began < 1

    def test_that_is_probed_holds_up_no_writer(self, database: Database) -> None:
        user = store_user(database)
        for _ in range(20):
            database.require_ready()
            store_order(database, user_pk=user.pk)
        database.require_ready()

        with database.writing() as uow:
            assert uow.users.get(user.pk) is not None

    def test_that_is_no_database_is_corrupt(
        self, database: Database, file: Path, reopen: Open
    ) -> None:
        database.close()
        file.write_bytes(b"not what it was " * 512)

        with pytest.raises(Corrupt):
            reopen().require_ready()

    def test_whose_pages_are_damaged_is_corrupt_and_heals(
        self, database: Database, file: Path, reopen: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order = store_order(database, user_pk=store_user(database).pk)
        database.close()
        whole = file.read_bytes()
        damage(file, "addresses")
        database = reopen()
        database.require_ready()  # it reads other tables

        for _ in range(2):
            with pytest.raises(Unavailable):
                listed(database, order.user_pk)
            with pytest.raises(Corrupt):
                database.require_ready()

        database.close()
        file.write_bytes(whole)
        monkeypatch.setattr(availability, "_CORRUPT_SECONDS", 0)
        database.require_ready()
        assert len(listed(database, order.user_pk)) == 1

    def test_whose_orders_are_damaged_is_corrupt_at_once(
        self, database: Database, file: Path, reopen: Open
    ) -> None:
        store_order(database, user_pk=store_user(database).pk)
        database.close()
        damage(file, "orders")

        with pytest.raises(Corrupt):
            reopen().require_ready()

    def test_gives_up_the_connection_that_found_the_damage(
        self, database: Database, file: Path, reopen: Open
    ) -> None:
        order = store_order(database, user_pk=store_user(database).pk)
        database.close()
        damage(file, "orders")
        engines = reopen()._engines  # noqa: SLF001 - what a request uses

        with engines.autocommit.connect() as connection:
            with pytest.raises(sa.exc.DatabaseError) as raised:
                connection.execute(sa.select(orders).where(orders.c.pk == order.pk)).all()
            assert connection.invalidated
        assert raised.value.connection_invalidated


def damage(file: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(file)) as connection:
        [(page,)] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", [table]
        ).fetchall()
        [(size,)] = connection.execute("PRAGMA page_size").fetchall()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xa5" * size)
