import shutil
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from domain.accounts.users import User
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from tests.conftest import KIND, MakeUrl
from tests.support import citus
from tests.support.emptied import empty
from tests.support.fakes import fake_renderers
from tests.support.stored import store_user


@pytest.fixture
def shopper(database: Database) -> User:
    return store_user(database)


@pytest.fixture
def engines(database_url: str) -> Iterator[Engines]:
    """Engines of the test's database, independent of the database under test."""
    engines = connect(database_url, Pool(5))
    yield engines
    engines.dispose()


@pytest.fixture(scope="session")
def distributed_url(make_url: MakeUrl) -> str:
    """The URL of a distributed database: on the nodes of Citus, or on one node."""
    if KIND == "sqlite":
        pytest.skip("only a database of PostgreSQL can be distributed")
    url = make_url()
    with closing(Database(url, renderers=fake_renderers())) as database:
        database.migrate()
    if citus.COORDINATOR:
        citus.distribute(url)
    else:
        citus.convert(url)
    return url


@pytest.fixture
def distributed(distributed_url: str) -> Iterator[Database]:
    """A distributed database without rows."""
    empty(distributed_url, has_copies=True)
    renderers = fake_renderers()
    with closing(
        Database(distributed_url, renderers=renderers, document_memory_bytes=0)
    ) as database:
        yield database


@pytest.fixture(scope="module")
def copy_url(make_url: MakeUrl) -> Callable[[], str]:
    """Return a function that copies a database with all tables, which is faster than migrating."""

    def migrated() -> str:
        url = make_url()
        database = Database(url, renderers=fake_renderers())
        database.migrate()
        database.close()
        return url

    if citus.COORDINATOR:  # its processes use the template all the time
        return migrated
    template = migrated()

    def copy() -> str:
        url = make_url()
        if KIND == "sqlite":
            shutil.copy(
                *(database_url.removeprefix("sqlite:///") for database_url in (template, url))
            )
            return url
        names = [
            sql.Identifier(str(sa.make_url(database_url).database))
            for database_url in (url, template)
        ]
        server = sa.make_url(url).set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {}").format(names[0]))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return url

    return copy
