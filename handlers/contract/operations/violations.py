"""Responses that break the contract: logged with their JSON pointer, counted and refused."""

from collections.abc import Callable
from enum import StrEnum

import structlog

_log = structlog.get_logger(__name__)


class ResponseValidation(StrEnum):
    """What happens to a response that breaks the contract."""

    ENFORCE = "enforce"
    REPORT = "report"


class ContractViolation(Exception):
    """A response that the contract does not allow; its text never holds a value."""


class Violations:
    """Every violation is logged and counted; ``enforce`` also replaces the response by 500.

    ``count`` takes the operationId.
    """

    def __init__(
        self,
        validation: ResponseValidation = ResponseValidation.ENFORCE,
        count: Callable[[str], None] = lambda _operation_id: None,
    ) -> None:
        self._validation = validation
        self._count = count

    def report(self, operation_id: str, reason: str) -> None:
        """``reason`` names a JSON pointer and what failed there.

        Raises ContractViolation, unless violations are only to be reported.
        """
        self._count(operation_id)
        _log.error("contract_violation", operation_id=operation_id, reason=reason)
        if self._validation is ResponseValidation.ENFORCE:
            raise ContractViolation(reason)
