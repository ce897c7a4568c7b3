"""Requests by operation: a count by status, and the distribution of durations.

The event loop counts them, so they need no lock; one request costs half a microsecond.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from starlette.types import Scope

from handlers.http.exchange import Exchange
from handlers.metrics.cells import Cells
from handlers.metrics.instruments import buckets

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NO_OPERATION = "none"
"""The label of requests that no operation served: an unknown path, or a refusal at the edge."""

_OTHER_STATUS = "other"
_STATUSES = (
    "0",  # the client disconnected before the response
    *(str(int(status)) for status in HTTPStatus if status >= HTTPStatus.OK),
    _OTHER_STATUS,
)
# These series exist from the start, so that the first failure is an increase.
_FROM_START = frozenset({"500", "503"})


class RequestMetrics:
    """`waybill_requests_total` and `waybill_request_duration_seconds`."""

    def __init__(self, cells: Cells, operation_ids: Iterable[str]) -> None:
        self._cells = cells
        self._operations = (*dict.fromkeys(operation_ids), NO_OPERATION)
        self._width = len(_STATUSES) + len(BOUNDS) + 2
        key = f"waybill_requests {_STATUSES} {BOUNDS}"
        self._starts = {
            name: cells.reserve(f"{key} {name}", self._width) for name in self._operations
        }
        self._starts[""] = self._starts[NO_OPERATION]
        self._status = {int(text): at for at, text in enumerate(_STATUSES[:-1])}
        self._durations = len(_STATUSES)

    def count(self, _scope: Scope, exchange: Exchange) -> None:
        """Count a request whose response was sent; only from the event loop."""
        values, seconds = self._cells.values, exchange.seconds
        start = self._starts[exchange.operation_id]
        values[start + self._status.get(exchange.status, self._durations - 1)] += 1
        start += self._durations
        values[start + bisect_left(BOUNDS, seconds)] += 1
        values[start + len(BOUNDS) + 1] += seconds

    def collect(self, totals: Sequence[float]) -> Iterator[Metric]:
        """Both metrics; durations only of operations that were called."""
        requests = CounterMetricFamily(
            "waybill_requests",
            "Requests, by operation and status; status 0: the client disconnected first.",
            labels=["operation_id", "status"],
        )
        durations = HistogramMetricFamily(
            "waybill_request_duration_seconds",
            "Time from the head of a request to the end of its response, by operation.",
            labels=["operation_id"],
        )
        for name in self._operations:
            cells = totals[self._starts[name] : self._starts[name] + self._width]
            for status, count in zip(_STATUSES, cells, strict=False):
                if count or status in _FROM_START:
                    requests.add_metric([name, status], count)
            counts = cells[self._durations : -1]
            if any(counts):
                durations.add_metric([name], buckets(BOUNDS, counts), cells[-1])
        yield requests
        yield durations
