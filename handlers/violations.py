"""Responses that break the contract, counted for the metrics."""

from collections.abc import Callable

from handlers.contract.operations.violations import ResponseValidation, Violations
from handlers.metrics.catalogue import Metrics


def counted_violations(validation: ResponseValidation, metrics: Metrics) -> Violations:
    """Violations that ``metrics`` counts."""
    count: Callable[[str], None] = metrics.violations.inc
    return Violations(validation, count)
