"""Responses that break the contract, counted for the metrics."""

from prometheus_client import Counter

from handlers.contract.operations.violations import ResponseValidation, Violations

_counter = Counter(
    "waybill_contract_violations",
    "Responses that broke the contract, by operation.",
    ["operation_id"],
)


def counted_violations(validation: ResponseValidation) -> Violations:
    return Violations(validation, lambda operation_id: _counter.labels(operation_id).inc())
