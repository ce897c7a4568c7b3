from typing import Any

from starlette.types import Scope

from handlers.http.exchange import Exchange
from handlers.metrics.cells import Cells
from handlers.metrics.requests import RequestMetrics

SCOPE: Scope = {"type": "http"}


def count(metrics: RequestMetrics, operation_id: str, status: int, seconds: float) -> None:
    exchange = Exchange(dict(SCOPE), "r1")
    exchange.operation_id, exchange.status, exchange.seconds = operation_id, status, seconds
    metrics.count(SCOPE, exchange)


def collected(cells: Cells, metrics: RequestMetrics) -> tuple[dict[Any, float], dict[Any, float]]:
    requests, durations = metrics.collect(cells.totals([]))
    return (
        {tuple(sample.labels.values()): sample.value for sample in requests.samples},
        {
            (sample.name.rpartition("_")[2], *sample.labels.values()): sample.value
            for sample in durations.samples
        },
    )


def test_are_counted_by_operation_and_status() -> None:
    cells = Cells()
    metrics = RequestMetrics(cells, ["listThings", "getThing"])

    count(metrics, "listThings", 200, 0.002)
    count(metrics, "listThings", 200, 20.0)
    count(metrics, "listThings", 0, 0.3)
    count(metrics, "", 404, 0.0001)
    count(metrics, "listThings", 299, 0.3)

    requests, durations = collected(cells, metrics)
    assert {labels: value for labels, value in requests.items() if value} == {
        ("listThings", "200"): 2,
        ("listThings", "0"): 1,
        ("listThings", "other"): 1,
        ("none", "404"): 1,
    }
    assert durations["count", "listThings"] == 4
    assert durations["sum", "listThings"] == 20.602
    assert durations["bucket", "listThings", "0.0025"] == 1
    assert durations["bucket", "listThings", "10.0"] == 3
    assert durations["bucket", "listThings", "+Inf"] == 4
    assert durations["count", "none"] == 1


def test_failures_are_shown_before_the_first_one() -> None:
    cells = Cells()
    metrics = RequestMetrics(cells, ["getThing"])

    requests, durations = collected(cells, metrics)

    assert requests == {
        (operation, status): 0 for operation in ("getThing", "none") for status in ("500", "503")
    }
    assert durations == {}
