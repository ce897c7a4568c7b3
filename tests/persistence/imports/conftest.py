from collections.abc import Iterator

import pytest

from persistence.database import Database
from tests.support.citus import broken_rules
from tests.support.imported_case import Case


@pytest.fixture
def case(database: Database) -> Case:
    return Case(database)


@pytest.fixture
def checked(database_url: str, case: Case) -> Iterator[Case]:
    """A case that checks all invariants at its end."""
    yield case
    assert broken_rules(database_url) == []
