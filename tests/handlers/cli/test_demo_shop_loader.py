from typing import Any

import pytest
import sqlalchemy as sa

from domain.shared.errors import NotFound
from handlers.cli.demo_shop_loader import seed_demo_shop
from handlers.demo_shop import DEMO_EMAIL
from handlers.demo_shop.trade_ins import offer_trade_in
from persistence.database import Database
from persistence.engine.engines import Pool, connect
from persistence.sql.columns import metadata
from tests.conftest import MakeUrl
from tests.support.fakes import FakeClock, fake_renderers

# Tables that requests, logins, commands and reads fill.
EMPTY_TABLES = {
    "sessions",
    "idempotency_keys",
    "seller_tokens",
    "one_time_tokens",
    "return_carriers",
    "order_documents",
    "old_order_documents",
    "maintenance_runs",
    "worker_heartbeats",
}


# A hash has a salt, and versions come from the real clock.
VOLATILE_COLUMNS = {"password_hash", "version"}
# In the reasons that the migration inserts.
DATE_COLUMNS = {"created_date", "modified_date"}


def seeded_rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a new database with the demo shop, by table."""
    database = Database(url, renderers=fake_renderers(), clock=FakeClock())
    database.migrate()
    list(seed_demo_shop(database, users=4, orders_per_user=3, seed=5))
    database.close()
    engines = connect(url, Pool(1))
    rows = {}
    with engines.snapshot.connect() as connection:
        for table in metadata.sorted_tables:
            volatile = VOLATILE_COLUMNS | (
                DATE_COLUMNS if table.name == "cancellation_reasons" else set()
            )
            columns = [column for column in table.c if column.name not in volatile]
            result = connection.execute(sa.select(*columns).order_by(*table.primary_key))
            rows[table.name] = [dict(row) for row in result.mappings()]
    engines.dispose()
    return rows


class TestSeedDemoShop:
    @pytest.mark.no_cover  # the same lines twice more
    def test_the_same_arguments_make_the_same_rows(self, make_url: MakeUrl) -> None:
        """All rows and ids are equal; only the salts of password hashes differ."""
        first, second = (seeded_rows(make_url()) for _ in range(2))

        assert first.keys() == second.keys()
        for table in first:
            assert first[table] == second[table], table
        assert {name for name, rows in first.items() if not rows} == EMPTY_TABLES

    def test_a_missing_order_is_an_error(self, database: Database) -> None:
        with database.writing() as uow, pytest.raises(NotFound):
            offer_trade_in(404, uow.now, uow)

    def test_yields_the_shoppers_as_they_are_done(self, database: Database) -> None:
        first = next(seed_demo_shop(database, users=2, orders_per_user=1, seed=1))

        with database.reading() as uow:
            assert uow.orders.get(next(iter(first.orders.values()))) is not None
        assert first.user.email == DEMO_EMAIL
