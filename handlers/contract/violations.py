"""Responses that break the contract: logged with their JSON pointer, counted, and stopped."""

from enum import StrEnum

import structlog
from prometheus_client import Counter

_log = structlog.get_logger(__name__)
_counter = Counter(
    "waybill_contract_violations",
    "Responses that broke the contract, by operation.",
    ["operation_id"],
)


class ResponseValidation(StrEnum):
    """What happens to a response that breaks the contract."""

    ENFORCE = "enforce"
    REPORT = "report"


class ContractViolation(Exception):
    """A response that the contract does not allow; its text never holds a value."""


class Violations:
    """Every violation is logged and counted; ``enforce`` also stops the response."""

    def __init__(self, validation: ResponseValidation) -> None:
        self._validation = validation

    def report(self, operation_id: str, reason: str) -> None:
        """``reason`` names a JSON pointer and what failed there.

        Raises ContractViolation, unless violations are only to be reported.
        """
        _counter.labels(operation_id).inc()
        _log.error("contract_violation", operation_id=operation_id, reason=reason)
        if self._validation is ResponseValidation.ENFORCE:
            raise ContractViolation(reason)
