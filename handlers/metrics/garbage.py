"""What Python's garbage collector did, by generation, over all processes."""

import gc
from collections.abc import Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily

from handlers.metrics.cells import Cells

_METRICS = {
    "collected": ("python_gc_objects_collected", "Objects collected."),
    "uncollectable": ("python_gc_objects_uncollectable", "Objects that could not be collected."),
    "collections": ("python_gc_collections", "Collections."),
}


class GarbageMetrics:
    """Counters that Python has for each process; `update` adds them to the cells of all."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._generations = len(gc.get_stats())
        self._first = cells.reserve("python_gc", len(_METRICS) * self._generations)
        self._seen = self._stats()

    def update(self) -> None:
        """Add what happened in this process since the last call; in one thread only."""
        seen, self._seen = self._seen, self._stats()
        for at, (before, now) in enumerate(zip(seen, self._seen, strict=True)):
            self._cells.values[self._first + at] += now - before

    def collect(self, totals: Sequence[float]) -> Iterator[Metric]:
        """The three counters."""
        at = self._first
        for name, text in _METRICS.values():
            family = CounterMetricFamily(name, text, labels=["generation"])
            for generation in range(self._generations):
                family.add_metric([str(generation)], totals[at])
                at += 1
            yield family

    @staticmethod
    def _stats() -> list[int]:
        stats = gc.get_stats()
        return [generation[name] for name in _METRICS for generation in stats]
