"""Distributing a database of a coordinator of Citus, and the way back: docs/scale.md."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from domain.shared.readiness import DistributedStandbys
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, StandbyOptions, connect
from persistence.orders.orders import orders
from persistence.sql.columns import metadata
from tests.conftest import MakeUrl
from tests.support import citus
from tests.support.every_statement import fill_every_table
from tests.support.fakes import fake_renderers
from tests.support.postgres_programs import run_program
from tests.support.releases import EXPANDING, NextRelease
from tests.support.stored import store_order, store_user

pytestmark = citus.only_distributed

Rows = dict[str, list[tuple[object, ...]]]
# Beside the tables of the metadata, a dump of the data has these, which a migration fills.
_OF_MIGRATIONS = ("alembic_version", "schema_compatibility")


class Interrupted(Exception):
    pass


@pytest.fixture
def filled(make_url: MakeUrl) -> Iterator[Database]:
    """A migrated database on a coordinator, with rows in all tables, that is not distributed."""
    url = make_url()
    with closing(Database(url, renderers=fake_renderers())) as database:
        database.migrate()
        engines = connect(url, Pool(2))
        fill_every_table(database, engines, store_user(database))
        engines.dispose()
        yield database


def stop_after(count: int) -> Callable[[str], None]:
    """Return a ``show`` that is interrupted at the end of this step."""
    shown: list[str] = []

    def show(line: str) -> None:
        shown.append(line)
        if len(shown) == count:
            raise Interrupted

    return show


def rows_of(url: str) -> Rows:
    engines = connect(url, Pool(1))
    with engines.autocommit.connect() as connection:
        rows = {
            table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name not in _OF_MIGRATIONS
        }
    engines.dispose()
    return rows


def url_of(database: Database) -> str:
    return database._url  # noqa: SLF001


@pytest.fixture
def one_node_url() -> Iterator[str]:
    """An empty database without the extension."""
    name = "waybill_test_way_back"
    coordinator = sa.make_url(citus.COORDINATOR)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(citus.COORDINATOR, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield coordinator.set(database=name).render_as_string(hide_password=False)
        connection.execute(drop)


def test_an_interrupted_conversion_is_continued(filled: Database) -> None:
    before, lefts = rows_of(url_of(filled)), [filled.distribution.steps()]
    # Within each phase: keys, settings and copies, distributed tables, foreign keys.
    for count in (1, 5, 40, 10, 20, 15):
        with pytest.raises(Interrupted):
            filled.distribution.apply(stop_after(count))
        assert filled.distribution.obstacles() == []
        lefts.append(filled.distribution.steps())

    filled.distribution.apply(lambda _: None)

    assert lefts[1] == lefts[0] - 1
    assert lefts == sorted(set(lefts), reverse=True)
    assert filled.distribution.steps() == 0
    assert rows_of(url_of(filled)) == before
    filled.distribution.apply(pytest.fail)


def test_the_way_back(filled: Database, one_node_url: str, tmp_path: Path) -> None:
    dump = tmp_path / "dump.sql"
    filled.distribution.apply(lambda _: None)
    before = rows_of(url_of(filled))

    excluded = [f"--exclude-table={name}" for name in (*_OF_MIGRATIONS, "*_by_seller")]
    options = ("--data-only", "--disable-triggers", "--load-via-partition-root", *excluded)
    run_program("pg_dump", *options, f"--file={dump}", url_of(filled))
    with closing(Database(one_node_url, renderers=fake_renderers())) as database:
        database.migrate()
        options = ("--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
        emptied = "--command=TRUNCATE cancellation_reasons CASCADE"
        run_program("psql", *options, emptied, f"--file={dump}", one_node_url)

        assert rows_of(one_node_url) == before
        database.require_ready()
        user = store_user(database, email="new@example.com")
        stored = store_order(database, user_pk=user.pk)
    assert stored.pk not in {row[0] for row in before["orders"]}


def test_an_upgrade_of_a_distributed_database(filled: Database, next_release: NextRelease) -> None:
    filled.distribution.apply(lambda _: None)
    revision = next_release.add_step(EXPANDING)
    with next_release.code():
        filled.migrate()

        assert filled.schema_state().revision == revision
        filled.require_ready()
    assert filled.distribution.steps() == 0
    store_order(filled, user_pk=store_user(filled, email="new@example.com").pk)


def test_standbys_of_a_coordinator_are_refused(database_url: str) -> None:
    pool = Pool(2, standbys=StandbyOptions(database_url))
    with (
        closing(Database(database_url, renderers=fake_renderers(), pool=pool)) as database,
        pytest.raises(DistributedStandbys),
    ):
        database.require_ready()


def test_a_distributed_database_is_ready(database: Database, engines: Engines) -> None:
    store_order(database, user_pk=store_user(database).pk)

    database.require_ready()
    with engines.autocommit.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(orders)) == 1
