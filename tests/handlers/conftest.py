"""What the tests of several handlers share."""

import pytest

from persistence.database import Database
from tests.application import Shop
from tests.handlers.desk import Desk


@pytest.fixture
def desk(shop: Shop, database: Database) -> Desk:
    return Desk(shop, database)
