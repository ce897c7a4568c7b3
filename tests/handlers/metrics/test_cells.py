import pytest

from handlers.metrics.cells import Cells
from handlers.metrics.shared_cells import SharedCells
from tests.handlers.metrics.test_shared_cells import Other


def test_are_private_at_first() -> None:
    cells = Cells()
    first, second = cells.reserve("a", 2), cells.reserve("b", 1, are_gauges=True)
    cells.values[first + 1] += 2
    cells.values[second] = 3

    assert cells.totals(cells.slots()) == [0, 2, 3]


def test_counters_add_up_over_all_processes_and_gauges_over_live_ones() -> None:
    cells = Cells()
    counter = cells.reserve("a", 1)
    gauge = cells.reserve("b", 1, are_gauges=True)
    shared = SharedCells(cells.layout, 3)
    dead, live = Other(shared, 10), Other(shared, 100)
    [dead_slot, live_slot] = shared.slots()
    dead_slot.numbers[gauge] = live_slot.numbers[gauge] = 5
    dead.end()

    try:
        assert cells.share(shared)
        cells.values[counter] += 1
        # The slot of the dead process is taken over: its counts stay, its gauge is gone.
        assert cells.totals(cells.slots()) == [111, 5]
        cells.values[gauge] = 2
        assert cells.totals(cells.slots()) == [111, 7]
    finally:
        live.end()
    assert cells.totals(cells.slots()) == [111, 2]


def test_stay_private_without_a_free_slot() -> None:
    cells = Cells()
    cells.reserve("a", 1)
    shared = SharedCells(cells.layout, 1)
    other = Other(shared, 10)

    try:
        assert not cells.share(shared)
        cells.values[0] += 1
        assert cells.totals(cells.slots()) == [1]
    finally:
        other.end()


def test_have_a_fixed_layout_once_they_are_shared() -> None:
    cells = Cells()
    cells.reserve("a", 1)
    cells.share(SharedCells(cells.layout, 1))

    with pytest.raises(RuntimeError):
        cells.reserve("b", 1)
