from collections.abc import Iterator

import pytest

from domain.users import User
from persistence.database import Database
from persistence.engines import Engines, Pool, connect
from tests.persistence.stored import store_user


@pytest.fixture
def shopper(database: Database) -> User:
    return store_user(database)


@pytest.fixture
def engines(database_url: str) -> Iterator[Engines]:
    """A way to the test's database beside the one that is tested."""
    engines = connect(database_url, Pool(5))
    yield engines
    engines.dispose()
