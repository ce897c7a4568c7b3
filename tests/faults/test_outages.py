"""PostgreSQL fails under clients, and the disk fills up."""

import pytest

from faults import full_disks, outages
from faults.environment import Environment
from faults.scale import QUICK
from tests.conftest import KIND


@pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no server that could fail")
def test_no_acknowledged_write_is_lost_with_postgresql(environment: Environment) -> None:
    finding = outages.check(environment, QUICK)

    assert finding.is_passed, finding


@pytest.mark.skipif(KIND == "postgres", reason="only root mounts a small disk: script/faults does")
def test_reads_succeed_with_a_full_disk(environment: Environment) -> None:
    finding = full_disks.check(environment, QUICK)

    assert finding.is_passed, finding
