"""The growth of a long run is measured from the end of its first tenth."""

from benchmarks.long import REQUESTS, Sample, markdown, memory_growth, supply
from benchmarks.results import Run
from benchmarks.targets import GROWTH, verdicts

SAMPLES = [
    Sample(100, 100_000_000, 50.0),
    Sample(200, 140_000_000, 60.0),
    Sample(2000, 144_000_000, 70.0),
]


def test_the_first_tenth_is_not_counted() -> None:
    figures = memory_growth(SAMPLES)

    [verdict] = [verdict for verdict in verdicts(Run(), figures) if verdict.name == GROWTH]
    assert verdict.figure
    assert verdict.figure.median == 4
    assert verdict.is_reached is True


def test_growth_above_the_target_misses_it() -> None:
    figures = memory_growth([*SAMPLES[:2], Sample(2000, 146_000_000, 70.0)])

    [verdict] = [verdict for verdict in verdicts(Run(), figures) if verdict.name == GROWTH]
    assert verdict.is_reached is False


def test_items_last_for_the_creates_of_a_run() -> None:
    assert supply(REQUESTS) * 9 // 10 >= REQUESTS // 20


def test_the_table_has_a_line_for_each_sample() -> None:
    assert markdown(SAMPLES).splitlines()[2] == "| 100 | 100.0 | 50 |"
