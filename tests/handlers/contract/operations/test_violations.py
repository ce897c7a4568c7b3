import pytest
from structlog.testing import capture_logs

from handlers.contract.operations.violations import (
    ContractViolation,
    ResponseValidation,
    Violations,
)


def test_enforcing_raises_an_error() -> None:
    violations = Violations(ResponseValidation.ENFORCE)

    with pytest.raises(ContractViolation, match="/name fails type"):
        violations.report("getThing", "/name fails type")


def test_reporting_raises_no_error() -> None:
    Violations(ResponseValidation.REPORT).report("getThing", "/name fails type")


@pytest.mark.parametrize("validation", ResponseValidation)
def test_every_violation_is_logged_and_counted(validation: ResponseValidation) -> None:
    counted: list[str] = []

    with capture_logs() as lines:
        try:
            Violations(validation, counted.append).report("getCounted", "/name fails type")
        except ContractViolation:
            assert validation is ResponseValidation.ENFORCE

    assert counted == ["getCounted"]
    assert lines == [
        {
            "event": "contract_violation",
            "log_level": "error",
            "operation_id": "getCounted",
            "reason": "/name fails type",
        }
    ]
