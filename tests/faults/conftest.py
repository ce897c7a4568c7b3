"""The checks of faults/, each with a little of everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.ground import Ground


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    """The empty database of the test, as a check stands on it."""
    ground = Ground(database_url, tmp_path)
    yield ground
    ground.close()
