from prometheus_client import REGISTRY

from handlers.contract.operations.violations import ResponseValidation
from handlers.violations import counted_violations


def count() -> float:
    labels = {"operation_id": "getCounted"}
    return REGISTRY.get_sample_value("waybill_contract_violations_total", labels) or 0


def test_violations_are_counted_in_the_metrics() -> None:
    before = count()

    counted_violations(ResponseValidation.REPORT).report("getCounted", "/name fails type")

    assert count() == before + 1
