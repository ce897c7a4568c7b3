"""Counters, gauges and histograms whose labels are known before the first value."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from threading import Lock

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from handlers.metrics.cells import Cells

Labels = tuple[str, ...]
OTHER = "other"
"""The value of a label for everything that was not declared."""


class _Labelled:
    """The cells of one metric, by the values of its labels."""

    def __init__(
        self, name: str, text: str, label: str | None, values: Iterable[str] | None
    ) -> None:
        self.name = name
        self._text = text
        self._label = [] if label is None else [label]
        names: list[Labels] = [(value,) for value in dict.fromkeys(values or ())]
        self._children = names if label is not None else [()]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class Counter(_Labelled):
    """A number that only grows, from any thread. ``name`` has no suffix.

    ``label`` and ``values``: the one label, if any, and its values. An undeclared value counts as
    ``other``.
    """

    def __init__(
        self,
        cells: Cells,
        name: str,
        text: str,
        label: str | None = None,
        values: Iterable[str] = (),
    ) -> None:
        super().__init__(name, text, label, [*values, OTHER])
        self._cells = cells
        self._index = {labels: cells.reserve(_key(name, labels), 1) for labels in self._children}
        self._lock = Lock()

    def inc(self, *labels: str) -> None:
        """Add one."""
        self.add(1, *labels)

    def add(self, amount: float, *labels: str) -> None:
        """Add ``amount``."""
        index = self._index.get(labels)
        if index is None:
            index = self._index[(OTHER,)]
        with self._lock:
            self._cells.values[index] += amount

    def collect(self, totals: Sequence[float]) -> Iterator[Metric]:
        """The counter with all declared labels, also those without a count."""
        family = CounterMetricFamily(self.name, self._text, labels=self._label)
        for labels, index in self._index.items():
            if labels != (OTHER,) or totals[index]:
                family.add_metric(labels, totals[index])
        yield family


class Gauge(_Labelled):
    """A number that one thread of each process sets; the metric is the sum over live processes."""

    def __init__(
        self,
        cells: Cells,
        name: str,
        text: str,
        label: str | None = None,
        values: Iterable[str] = (),
    ) -> None:
        super().__init__(name, text, label, values)
        self._cells = cells
        self._index = {
            labels: cells.reserve(_key(name, labels), 1, are_gauges=True)
            for labels in self._children
        }

    def set(self, value: float, *labels: str) -> None:
        """Set the number of this process."""
        self._cells.values[self._index[labels]] = value

    def collect(self, totals: Sequence[float]) -> Iterator[Metric]:
        """The gauge with all declared labels."""
        family = GaugeMetricFamily(self.name, self._text, labels=self._label)
        for labels, index in self._index.items():
            family.add_metric(labels, totals[index])
        yield family


class Histogram(_Labelled):
    """The distribution of durations in seconds, from any thread; ``bounds`` are inclusive."""

    def __init__(
        self,
        cells: Cells,
        name: str,
        text: str,
        bounds: Sequence[float],
        label: str | None = None,
        values: Iterable[str] = (),
    ) -> None:
        super().__init__(name, text, label, values)
        self._cells = cells
        self._bounds = bounds
        # The buckets, not cumulative, with one for longer durations; then the sum.
        self._width = len(bounds) + 2
        key = f"{name} of {bounds}"
        self._index = {
            labels: cells.reserve(_key(key, labels), self._width) for labels in self._children
        }
        self._lock = Lock()

    def observe(self, seconds: float, *labels: str) -> None:
        """Count one duration."""
        start = self._index[labels]
        with self._lock:
            values = self._cells.values
            values[start + bisect_left(self._bounds, seconds)] += 1
            values[start + self._width - 1] += seconds

    def collect(self, totals: Sequence[float]) -> Iterator[Metric]:
        """The histogram with all declared labels."""
        family = HistogramMetricFamily(self.name, self._text, labels=self._label)
        for labels, start in self._index.items():
            cells = totals[start : start + self._width]
            family.add_metric(labels, buckets(self._bounds, cells[:-1]), cells[-1])
        yield family


def _key(name: str, labels: Labels) -> str:
    return " ".join([name, *labels])


def buckets(bounds: Sequence[float], counts: Sequence[float]) -> list[tuple[str, float]]:
    """The cumulative buckets of a histogram; ``counts`` has one more for longer durations."""
    names = [*map(str, bounds), "+Inf"]
    return list(zip(names, accumulate(counts), strict=True))
