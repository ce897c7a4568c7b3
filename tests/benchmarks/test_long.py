"""A long run grows by what the worker holds more than after its first tenth."""

from benchmarks.bars import GROWTH, verdicts
from benchmarks.long import REQUESTS, Reached, growth_of_memory, markdown, supply
from benchmarks.results import Run

REACHED = [
    Reached(100, 100_000_000, 50.0),
    Reached(200, 140_000_000, 60.0),
    Reached(2000, 144_000_000, 70.0),
]


def test_the_first_tenth_is_not_counted() -> None:
    figures = growth_of_memory(REACHED)

    [verdict] = [each for each in verdicts(Run(), figures) if each.name == GROWTH]
    assert verdict.figure
    assert verdict.figure.middle == 4
    assert verdict.is_reached is True


def test_growth_above_the_bar_misses_it() -> None:
    figures = growth_of_memory([*REACHED[:2], Reached(2000, 146_000_000, 70.0)])

    [verdict] = [each for each in verdicts(Run(), figures) if each.name == GROWTH]
    assert verdict.is_reached is False


def test_items_last_for_the_creates_of_a_run() -> None:
    assert supply(REQUESTS) * 9 // 10 >= REQUESTS // 20


def test_the_table_has_a_line_for_each_look() -> None:
    assert markdown(REACHED).splitlines()[2] == "| 100 | 100.0 | 50 |"
