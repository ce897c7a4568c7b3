"""All metrics of the server; docs/operations/observability.md describes each."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock

from prometheus_client import CollectorRegistry, Metric, PlatformCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from starlette.types import Scope

from domain.shared.monitoring import PoolUse
from handlers.http.exchange import Exchange
from handlers.metrics.cells import Cells
from handlers.metrics.garbage import GarbageMetrics
from handlers.metrics.inheritance import inherited_descriptor, leave
from handlers.metrics.instruments import Counter, Gauge, Histogram
from handlers.metrics.processes import ProcessMetrics
from handlers.metrics.requests import RequestMetrics
from handlers.metrics.shared_cells import SharedCells
from handlers.metrics.shop_figures import CachedFigures, Read, collect_figures

LIMITS = ("login", "look-up", "password-reset")
CAUSES = (
    "bodies",
    "conflict",
    "database",
    "limits_storage",
    "not_ready",
    "pool",
    "requests",
    "threads",
    "write_lock",
)
"""The causes of responses with 503, as ``domain.shared.errors.Unavailable`` has them."""

_WAITS = (0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The metrics of one application. They are of this process until ``share``.

    ``operation_ids`` and ``pools``: the values of the labels. ``violating``: what else than an
    operation can break the contract.
    """

    def __init__(
        self, operation_ids: Iterable[str], violating: Iterable[str], pools: Iterable[str]
    ) -> None:
        operation_ids, pools = [*operation_ids], [*pools]
        self._cells = cells = Cells()
        self.requests = RequestMetrics(cells, operation_ids)
        self._unavailable = Counter(
            cells, "waybill_unavailable", "Responses with 503, by cause.", "cause", CAUSES
        )
        self.violations = Counter(
            cells,
            "waybill_contract_violations",
            "Responses that broke the contract, by operation.",
            "operation_id",
            [*operation_ids, *violating],
        )
        self.untrusted_forwarded = Counter(
            cells,
            "waybill_untrusted_forwarded_requests",
            "Requests with a forwarded header while WAYBILL_TRUSTED_PROXIES is 0.",
        )
        self.login_failures = Counter(cells, "waybill_login_failures", "Failed logins.")
        self.lookup_failures = Counter(
            cells, "waybill_lookup_failures", "Guests' look-ups that found no order."
        )
        self.rate_limited = Counter(
            cells,
            "waybill_rate_limited",
            "Attempts that a rate limit refused, by limit.",
            "limit",
            LIMITS,
        )
        self.documents = Counter(
            cells,
            "waybill_documents",
            "Documents that were read, by where they came from.",
            "source",
            ("memory", "database", "rendered"),
        )
        self.thread_wait = Histogram(
            cells,
            "waybill_thread_wait_seconds",
            "Time that requests waited for a thread; those that did not wait do not count.",
            _WAITS,
        )
        self.pool_wait = Histogram(
            cells,
            "waybill_pool_wait_seconds",
            "Time that callers waited for a connection; those that did not wait do not count.",
            _WAITS,
            "pool",
            pools,
        )
        self._starts = Counter(
            cells, "waybill_process_starts", "Starts of server processes, restarts included."
        )
        self._threads = Gauge(cells, "waybill_threads", "Threads that run handlers.")
        self._busy = Gauge(cells, "waybill_threads_busy", "Threads that work on a request.")
        self._queued = Gauge(cells, "waybill_requests_queued", "Requests that wait for a thread.")
        self._sizes = Gauge(
            cells,
            "waybill_pool_connections",
            "The most connections, by pool.",
            "pool",
            pools,
        )
        self._in_use = Gauge(
            cells,
            "waybill_pool_connections_in_use",
            "Connections in use, by pool.",
            "pool",
            pools,
        )
        self._garbage = GarbageMetrics(cells)
        self._instruments = (
            self.requests,
            self._unavailable,
            self.violations,
            self.untrusted_forwarded,
            self.login_failures,
            self.lookup_failures,
            self.rate_limited,
            self.documents,
            self.thread_wait,
            self.pool_wait,
            self._starts,
            self._threads,
            self._busy,
            self._queued,
            self._sizes,
            self._in_use,
            self._garbage,
        )
        self._processes = ProcessMetrics()
        self._figures: CachedFigures | None = None
        self._sampling = Lock()
        self._sample: Callable[[], None] = lambda: None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        PlatformCollector(self._registry)

    def count_request(self, scope: Scope, exchange: Exchange) -> None:
        """Count a request that is over; only from the event loop."""
        self.requests.count(scope, exchange)
        if exchange.cause:
            self._unavailable.inc(exchange.cause)

    def read_figures(self, read: Read) -> None:
        """Read the figures of the database by ``read``, which raises Unavailable."""
        self._figures = CachedFigures(read)

    def sample_by(self, sample: Callable[[], tuple[int, int, int, Mapping[str, PoolUse]]]) -> None:
        """Have ``sample`` return the threads, how many are busy, the requests that wait for one,
        and the use of each pool."""

        def update() -> None:
            threads, busy, queued, pools = sample()
            self._threads.set(threads)
            self._busy.set(busy)
            self._queued.set(queued)
            for name, use in pools.items():
                self._sizes.set(use.size, name)
                self._in_use.set(use.in_use, name)
            self._garbage.update()

        self._sample = update

    def sample(self) -> None:
        """Update the gauges of this process; from any thread."""
        with self._sampling:
            self._sample()

    def shared_cells(self, slots: int) -> SharedCells:
        """Memory for the metrics of this many processes.

        After a reload, it has the counts of the processes before.
        """
        layout = self._cells.layout
        try:
            shared = SharedCells(layout, slots, inherited_descriptor())
        except ValueError:  # after hundreds of upgrades by reload, counters begin at 0 again
            shared = SharedCells(layout, slots)
        leave(shared.descriptor)
        return shared

    def share(self, shared: SharedCells) -> bool:
        """Share the metrics of this process, which begins to serve; return whether that worked."""
        is_shared = self._cells.share(shared)
        self._starts.inc()
        return is_shared

    def text(self) -> bytes:
        """The metrics of all processes in the Prometheus text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics, for prometheus_client."""
        self.sample()
        slots = self._cells.slots()
        totals = self._cells.totals(slots)
        for instrument in self._instruments:
            yield from instrument.collect(totals)
        live = sum(slot.is_live for slot in slots) or 1
        yield GaugeMetricFamily("waybill_processes", "Server processes that run.", live)
        shared = self._cells.shared
        parent = shared.owner if shared else os.getpid()
        yield from self._processes.collect(parent, [slot.pid for slot in slots])
        if self._figures is not None:
            yield from collect_figures(self._figures.get())

    def describe(self) -> list[Metric]:
        """Nothing: so that nothing is collected when the metrics are registered."""
        return []
