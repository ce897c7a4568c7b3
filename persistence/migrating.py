"""Runs the migrations, then fills derived tables and creates partitions."""

from datetime import datetime

import sqlalchemy as sa

from persistence import migrations
from persistence.engine.engines import Engines
from persistence.orders.seller_projection import fill_seller_orders
from persistence.privacy.retention import MONTHLY
from persistence.sql.partitions import create_months
from persistence.sql.work import Work


def migrate_tables(engines: Engines, now: datetime) -> None:
    """Migrate the tables to the newest revision, if they are not there yet.

    Raises as ``persistence.migrations.upgrade`` does.
    """
    migrations.upgrade(engines, _fill_tables)
    if engines.dialect.name == "postgresql":
        _create_months(engines, now)


def _fill_tables(connection: sa.Connection) -> None:
    fill_seller_orders(Work.on(connection))


def _create_months(engines: Engines, now: datetime) -> None:
    """Create the partitions of the next months, each table's in its own transaction."""
    for table in MONTHLY.values():
        with engines.writing.begin() as connection:
            create_months(Work.on(connection), table, now)
