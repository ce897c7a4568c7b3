"""Counters, gauges and histograms whose labels are known before the first value."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from threading import Lock
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from handlers.metrics.cells import Cells

Labels = tuple[str, ...]
OTHER = "other"
"""The value of a label for everything that was not declared."""


class _Instrument:
    """The cells of one metric, by the values of its labels.

    ``label`` and ``values``: the one label, if any, and its values.
    """

    _family: Any
    _are_gauges = False
    _more_values: Sequence[str] = ()
    _width = 1

    def __init__(
        self,
        cells: Cells,
        name: str,
        text: str,
        label: str | None = None,
        values: Iterable[str] = (),
    ) -> None:
        self.name = name
        self._cells = cells
        self._text = text
        self._label = [] if label is None else [label]
        values = dict.fromkeys([*values, *self._more_values])
        children: list[Labels] = [()] if label is None else [(value,) for value in values]
        self._index = {
            labels: cells.reserve(
                " ".join([self._key(), *labels]), self._width, are_gauges=self._are_gauges
            )
            for labels in children
        }
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def collect(self, totals: Sequence[float]) -> Iterator[Metric]:
        """The metric with all declared labels, also those that nothing was counted for."""
        family = self._family(self.name, self._text, labels=self._label)
        for labels, start in self._index.items():
            self._add(family, labels, totals[start : start + self._width])
        yield family

    def _key(self) -> str:
        """What the numbers are, the same in each release."""
        return self.name

    def _add(self, family: Any, labels: Labels, numbers: Sequence[float]) -> None:
        family.add_metric(labels, numbers[0])


class Counter(_Instrument):
    """A number that only grows, from any thread. ``name`` has no suffix.

    An undeclared value of the label counts as ``other``.
    """

    _family = CounterMetricFamily
    _more_values = (OTHER,)

    def inc(self, *labels: str) -> None:
        """Add one."""
        self.adder(*labels)(1)

    def adder(self, *labels: str) -> Callable[[float], None]:
        """A function that adds an amount. It takes a third of the time of ``inc``."""
        index = self._index.get(labels)
        if index is None:
            index = self._index[(OTHER,)]
        lock, cells = self._lock, self._cells

        def add(amount: float) -> None:
            with lock:
                cells.values[index] += amount

        return add

    def _add(self, family: Any, labels: Labels, numbers: Sequence[float]) -> None:
        if labels != (OTHER,) or numbers[0]:
            super()._add(family, labels, numbers)


class Gauge(_Instrument):
    """A number that one thread of each process sets; the metric is the sum over live processes."""

    _family = GaugeMetricFamily
    _are_gauges = True

    def set(self, value: float, *labels: str) -> None:
        """Set the number of this process."""
        self._cells.values[self._index[labels]] = value


class Histogram(_Instrument):
    """The distribution of durations in seconds, from any thread; ``bounds`` are inclusive."""

    _family = HistogramMetricFamily

    def __init__(
        self, cells: Cells, name: str, text: str, bounds: Sequence[float], **label: Any
    ) -> None:
        self._bounds = bounds
        # The buckets, not cumulative, with one for longer durations; then the sum.
        self._width = len(bounds) + 2
        super().__init__(cells, name, text, **label)

    def observe(self, seconds: float, *labels: str) -> None:
        """Count one duration."""
        start = self._index[labels]
        with self._lock:
            values = self._cells.values
            values[start + bisect_left(self._bounds, seconds)] += 1
            values[start + self._width - 1] += seconds

    def _key(self) -> str:
        return f"{self.name} of {self._bounds}"

    def _add(self, family: Any, labels: Labels, numbers: Sequence[float]) -> None:
        family.add_metric(labels, buckets(self._bounds, numbers[:-1]), numbers[-1])


def buckets(bounds: Sequence[float], counts: Sequence[float]) -> list[tuple[str, float]]:
    """The cumulative buckets of a histogram; ``counts`` has one more for longer durations."""
    names = [*map(str, bounds), "+Inf"]
    return list(zip(names, accumulate(counts), strict=True))
