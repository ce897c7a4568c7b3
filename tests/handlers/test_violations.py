from handlers.contract.operations.violations import ResponseValidation
from handlers.metrics.catalogue import Metrics
from handlers.violations import counted_violations


def test_violations_are_counted_in_the_metrics() -> None:
    metrics = Metrics(["getCounted"], [], [])

    counted_violations(ResponseValidation.REPORT, metrics).report("getCounted", "/name fails type")

    assert b'waybill_contract_violations_total{operation_id="getCounted"} 1.0' in metrics.text()
