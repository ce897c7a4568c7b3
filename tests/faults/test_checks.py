"""The checks themselves, at a small scale: all promises hold."""

from collections.abc import Callable

import pytest

from faults import (
    archiving,
    dropped_connections,
    exhausted_pool,
    graceful_stop,
    killed_workers,
    parallel_attempts,
    races,
    reloads,
    restores,
    silent_clients,
    slow_clients,
    steady_load,
    timing,
)
from faults.environment import Environment
from faults.findings import Finding
from faults.scale import QUICK, Scale

CHECKS = [
    exhausted_pool.check,
    killed_workers.check,
    killed_workers.check_bursts,
    graceful_stop.check,
    slow_clients.check,
    silent_clients.check,
    steady_load.check,
    timing.check,
    dropped_connections.check,
    archiving.check,
    races.check,
    reloads.check,
    restores.check,
    parallel_attempts.check,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.__module__}.{check.__name__}")
def test_passes(environment: Environment, check: Callable[[Environment, Scale], Finding]) -> None:
    finding = check(environment, QUICK)

    assert finding.is_passed, (finding.failures, finding.figures)
