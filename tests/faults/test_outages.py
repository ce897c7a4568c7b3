"""PostgreSQL goes away under clients, and the disk is full."""

import pytest

from faults import full_disks, outages
from faults.environment import Environment
from faults.scale import QUICK
from tests.conftest import KIND


@pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no server that could go away")
def test_nothing_acknowledged_is_lost_with_postgresql(environment: Environment) -> None:
    finding = outages.check(environment, QUICK)

    assert finding.is_passed, finding


@pytest.mark.skipif(KIND == "postgres", reason="only root mounts a small disk: script/faults does")
def test_a_full_disk_is_no_reason_not_to_read(environment: Environment) -> None:
    finding = full_disks.check(environment, QUICK)

    assert finding.is_passed, finding
