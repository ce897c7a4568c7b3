"""What SQLAlchemy does not reflect: how PostgreSQL stores the tables."""

from typing import Any

import sqlalchemy as sa

from persistence.engine.engines import Engines, Pool, connect
from persistence.sql.columns import metadata
from tests.conftest import MakeUrl

_OPTIONS = sa.text(
    "SELECT relname, reloptions FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND reloptions IS NOT NULL"
)
_COLUMNS = sa.text(
    "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
    " WHERE relnamespace = 'public'::regnamespace AND attstorage = 'e'"
)


def stored_as(engines: Engines) -> tuple[dict[str, list[str]], set[tuple[Any, ...]]]:
    if engines.dialect.name == "sqlite":
        return {}, set()
    with engines.autocommit.connect() as connection:
        options: dict[str, list[str]] = dict(connection.execute(_OPTIONS).all())
        return options, {tuple(row) for row in connection.execute(_COLUMNS)}


def test_created_tables_have_the_storage_of_migrated_ones(
    make_url: MakeUrl, engines: Engines
) -> None:
    created = connect(make_url(), Pool(1))
    with created.writing.begin() as connection:
        metadata.create_all(connection)

    options, columns = stored_as(engines)

    assert stored_as(created) == (options, columns)
    if engines.dialect.name == "postgresql":
        # No table leaves room for changes: nine of ten changes of an order stay in place anyway.
        assert options.keys() == {table for table, _ in columns}
        assert options.keys() == {"order_documents", "old_order_documents"}
    created.dispose()
