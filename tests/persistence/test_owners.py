"""The user of each row is written with it, and never differs from the user of its parent."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.sql.columns import OWNER
from persistence.sql.distributed_tables import distributed_tables
from tests.conftest import MakeUrl
from tests.persistence.test_migrations import migrate, run_step
from tests.support import citus
from tests.support.every_statement import fill_every_table
from tests.support.fakes import fake_renderers
from tests.support.stored import store_user

PARTS = import_module("persistence.migrations.versions.0021_owners").PARTS


def owners(engines: Engines) -> dict[str, list[tuple[Any, Any]]]:
    """Return for each table of parts the user of each row, and that of its parent."""
    found = {}
    with citus.all_rows(engines) as connection:
        for table, key, parent in PARTS:
            rows = connection.exec_driver_sql(
                f"SELECT part.{OWNER}, parent.{OWNER} FROM {table} part"  # noqa: S608 - of PARTS
                f" JOIN {parent} parent ON parent.pk = part.{key}"
            )
            found[table] = [(own, of_parent) for own, of_parent in rows]
    return found


def test_all_tables_of_parts_are_filled_by_the_migration() -> None:
    roots = {"orders", "old_orders", "addresses", "sessions", "one_time_tokens"}
    roots |= {"order_numbers", "user_emails"}
    with_owner = {table.name for table in distributed_tables() if OWNER in table.c}

    assert with_owner - roots == {table for table, _, _ in PARTS}


def test_are_written_with_every_row(database: Database, engines: Engines) -> None:
    fill_every_table(database, engines, store_user(database))
    with database.writing() as uow:
        assert uow.return_carriers.offer(0, uow.now - timedelta(days=10_000), 100) is not None
        uow.commit()

    stored = owners(engines)
    assert all(stored.values())
    assert [
        (table, pair) for table, pairs in stored.items() for pair in pairs if None in pair
    ] == []
    assert all(own == of_parent for pairs in stored.values() for own, of_parent in pairs)


class TestMigration:
    @pytest.fixture
    def filled(self, make_url: MakeUrl) -> Iterator[Engines]:
        """A migrated database with rows in all tables."""
        url = make_url()
        migrate(url)
        database, engines = Database(url, renderers=fake_renderers()), connect(url, Pool(2))
        fill_every_table(database, engines, store_user(database))
        database.close()
        yield engines
        engines.dispose()

    def test_fills_existing_rows(self, filled: Engines) -> None:
        expected = owners(filled)
        with filled.writing.begin() as connection:
            for table, _, _ in PARTS:
                connection.exec_driver_sql(
                    f"UPDATE {table} SET {OWNER} = NULL"  # noqa: S608 - of PARTS
                    if table == "loyalty_transactions"
                    else f"ALTER TABLE {table} DROP COLUMN {OWNER}"
                )

            run_step(connection, "0021_owners")

        assert owners(filled) == expected
