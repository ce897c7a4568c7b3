from prometheus_client import Metric

from handlers.metrics.cells import Cells
from handlers.metrics.instruments import Counter, Gauge, Histogram


def samples(cells: Cells, instrument: Counter | Gauge | Histogram) -> dict[str, float]:
    """The values of a metric, by name and labels."""
    [metric] = instrument.collect(cells.totals([]))
    assert isinstance(metric, Metric)
    return {
        f"{sample.name}{','.join(sample.labels.values())}": sample.value
        for sample in metric.samples
    }


class TestCounter:
    def test_shows_labels_without_a_count(self) -> None:
        cells = Cells()
        counter = Counter(cells, "failed", "Failures.", "kind", ["a", "b"])

        counter.inc("b")
        counter.adder("b")(2)

        assert samples(cells, counter) == {"failed_totala": 0, "failed_totalb": 3}

    def test_counts_undeclared_labels_as_others(self) -> None:
        cells = Cells()
        counter = Counter(cells, "failed", "Failures.", "kind", ["a"])

        counter.inc("z")
        counter.adder("y")(2)

        assert samples(cells, counter) == {"failed_totala": 0, "failed_totalother": 3}

    def test_may_have_no_label(self) -> None:
        cells = Cells()
        counter = Counter(cells, "failed", "Failures.")

        counter.inc()

        assert samples(cells, counter) == {"failed_total": 1}


def test_gauges_have_the_last_value() -> None:
    cells = Cells()
    plain, labelled = Gauge(cells, "busy", "Busy."), Gauge(cells, "used", "Used.", "pool", ["a"])

    plain.set(3)
    plain.set(2)
    labelled.set(4, "a")

    assert samples(cells, plain) == {"busy": 2}
    assert samples(cells, labelled) == {"useda": 4}


class TestHistogram:
    def test_is_cumulative(self) -> None:
        cells = Cells()
        waits = Histogram(cells, "wait_seconds", "Waits.", (0.1, 1.0))

        for seconds in (0.05, 0.1, 0.5, 3.0):
            waits.observe(seconds)

        assert samples(cells, waits) == {
            "wait_seconds_bucket0.1": 2,
            "wait_seconds_bucket1.0": 3,
            "wait_seconds_bucket+Inf": 4,
            "wait_seconds_count": 4,
            "wait_seconds_sum": 3.65,
        }

    def test_may_have_a_label(self) -> None:
        cells = Cells()
        waits = Histogram(cells, "wait_seconds", "Waits.", (1.0,), label="pool", values=["a", "b"])

        waits.observe(2.0, "b")

        found = samples(cells, waits)
        assert (found["wait_seconds_counta"], found["wait_seconds_countb"]) == (0, 1)


def test_metrics_are_shown_by_their_names() -> None:
    assert repr(Counter(Cells(), "failed", "Failures.")) == "Counter('failed')"
