"""The checks themselves, with a little of everything: what they break, holds."""

from collections.abc import Callable

import pytest

from faults import exhausted_pool
from faults.amounts import QUICK, Amounts
from faults.findings import Finding
from faults.ground import Ground


@pytest.mark.parametrize("check", [exhausted_pool.check], ids=lambda check: check.__module__)
def test_passes(ground: Ground, check: Callable[[Ground, Amounts], Finding]) -> None:
    finding = check(ground, QUICK)

    assert finding.is_passed, (finding.failures, finding.figures)
