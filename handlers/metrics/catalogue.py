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
from handlers.metrics.declarations import Instruments
from handlers.metrics.garbage import GarbageMetrics
from handlers.metrics.inheritance import inherited_descriptor, make_inheritable
from handlers.metrics.processes import ProcessMetrics
from handlers.metrics.requests import RequestMetrics
from handlers.metrics.shared_cells import SharedCells
from handlers.metrics.shop_figures import CachedFigures, Read, collect_figures


class Metrics(Instruments):
    """The metrics of one application. They are of this process until ``share``.

    ``operation_ids``, ``pools`` and ``replicas``: the values of the labels. ``violating``: what
    else than an operation can break the contract.
    """

    def __init__(
        self,
        operation_ids: Iterable[str],
        violating: Iterable[str],
        pools: Iterable[str],
        replicas: Iterable[str] = (),
    ) -> None:
        operation_ids = [*operation_ids]
        self._cells = cells = Cells()
        self.requests = RequestMetrics(cells, operation_ids)
        labels = {
            "operation_id": [*operation_ids, *violating],
            "pool": [*pools],
            "replica": [*replicas],
        }
        super().__init__(cells, labels)
        self._garbage = GarbageMetrics(cells)
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
            self.unavailable.inc(exchange.cause)

    def read_figures_by(self, read: Read) -> None:
        """Read the figures of the database by ``read``, which raises Unavailable."""
        self._figures = CachedFigures(read)

    def sample_by(self, sample: Callable[[], tuple[int, int, int, Mapping[str, PoolUse]]]) -> None:
        """Have ``sample`` return the threads, how many are busy, the requests that wait for one,
        and the use of each pool."""

        def update() -> None:
            threads, busy, queued, pools = sample()
            self.threads.set(threads)
            self.threads_busy.set(busy)
            self.requests_queued.set(queued)
            for name, use in pools.items():
                self.pool_sizes.set(use.size, name)
                self.pool_use.set(use.in_use, name)
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
        make_inheritable(shared.descriptor)
        return shared

    def share(self, shared: SharedCells) -> bool:
        """Share the metrics of this process, which begins to serve; return whether that worked."""
        is_shared = self._cells.share(shared)
        self.starts.inc()
        return is_shared

    def text(self) -> bytes:
        """The metrics of all processes in the Prometheus text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics, for prometheus_client."""
        self.sample()
        slots = self._cells.slots()
        totals = self._cells.totals(slots)
        for instrument in (self.requests, *self._all, self._garbage):
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
