"""The environment that the checks of faults/ run in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.environment import Environment


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> Iterator[Environment]:
    """An environment on the empty database of the test."""
    environment = Environment(database_url, tmp_path)
    yield environment
    environment.close()
