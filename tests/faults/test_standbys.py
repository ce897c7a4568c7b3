"""PostgreSQL with standbys: failovers, lost changes, standbys that fall behind and fail."""

from collections.abc import Callable

import pytest

from faults import failovers, lost_changes, standbys
from faults.debian import ProgramUnavailable, require_program
from faults.environment import Environment
from faults.findings import Finding
from faults.pgbouncer import NAME
from faults.scale import QUICK, Scale
from tests.conftest import KIND

CHECKS = [
    failovers.check,
    lost_changes.check,
    standbys.check_own_reads,
    standbys.check_applied_reads,
    standbys.check_failures,
]


@pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no standby")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.__module__}.{check.__name__}")
def test_passes(environment: Environment, check: Callable[[Environment, Scale], Finding]) -> None:
    finding = check(environment, QUICK)

    assert finding.is_passed, (finding.failures, finding.figures)


@pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no standby")
def test_passes_behind_pgbouncer(environment: Environment) -> None:
    try:
        require_program(NAME)
    except ProgramUnavailable as error:
        pytest.skip(f"{error}; script/faults does not pass without it")

    finding = standbys.check_pooled_own_reads(environment, QUICK)

    assert finding.is_passed, (finding.failures, finding.figures)
