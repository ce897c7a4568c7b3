import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from handlers.contract.violations import ContractViolation, ResponseValidation, Violations


def count(operation_id: str) -> float:
    labels = {"operation_id": operation_id}
    return REGISTRY.get_sample_value("waybill_contract_violations_total", labels) or 0


def test_enforcing_stops_the_response() -> None:
    violations = Violations(ResponseValidation.ENFORCE)

    with pytest.raises(ContractViolation, match="/name fails type"):
        violations.report("getThing", "/name fails type")


def test_reporting_lets_it_pass() -> None:
    Violations(ResponseValidation.REPORT).report("getThing", "/name fails type")


@pytest.mark.parametrize("validation", ResponseValidation)
def test_every_violation_is_logged_and_counted(validation: ResponseValidation) -> None:
    before = count("getCounted")

    with capture_logs() as lines:
        try:
            Violations(validation).report("getCounted", "/name fails type")
        except ContractViolation:
            assert validation is ResponseValidation.ENFORCE

    assert count("getCounted") == before + 1
    assert lines == [
        {
            "event": "contract_violation",
            "log_level": "error",
            "operation_id": "getCounted",
            "reason": "/name fails type",
        }
    ]
