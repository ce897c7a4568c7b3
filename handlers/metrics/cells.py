"""The numbers behind the metrics of this process, and their totals over all processes."""

from array import array
from collections.abc import Iterable

from handlers.metrics.layouts import Block, Layout
from handlers.metrics.shared_cells import Numbers, SharedCells, Slot


class Cells:
    """Numbers by index: counters, which only grow, and gauges, which are set.

    They are private to this process until ``share`` is called; tests and commands never call it.
    Change a number in one thread only, or hold a lock: ``+=`` reads and writes in two steps.
    """

    def __init__(self) -> None:
        self._private = array("d")
        self.values: Numbers = self._private
        self.shared: SharedCells | None = None
        self._blocks: list[Block] = []
        self._gauges: set[int] = set()

    @property
    def layout(self) -> Layout:
        """What the numbers are."""
        return tuple(self._blocks)

    def reserve(self, key: str, count: int, *, are_gauges: bool = False) -> int:
        """Add ``count`` numbers; return the index of the first.

        ``key`` says what they count. It is the same in every release that has them.
        """
        if self.shared is not None:
            raise RuntimeError("the layout is fixed once the cells are shared")
        start = len(self._private)
        self._private.extend([0.0] * count)
        self._blocks.append(Block(key, count, are_gauges))
        if are_gauges:
            self._gauges.update(range(start, start + count))
        return start

    def share(self, shared: SharedCells) -> bool:
        """Continue with the numbers of a slot of ``shared``; return whether one was free.

        Gauges begin at 0. Without a free slot, the numbers of this process stay private.
        """
        numbers = shared.claim()
        if numbers is None:
            return False
        for gauge in self._gauges:
            numbers[gauge] = 0.0
        self.values, self.shared = numbers, shared
        return True

    def slots(self) -> list[Slot]:
        """The slots of all processes; empty while the numbers are private."""
        return [] if self.shared is None else list(self.shared.slots())

    def totals(self, slots: Iterable[Slot]) -> list[float]:
        """The sum of each number: a counter over all processes so far, a gauge over live ones."""
        rows = [(slot.is_live, slot.numbers.tolist()) for slot in slots]
        if not rows:
            return self.values.tolist()
        totals = [sum(column) for column in zip(*(row for _, row in rows), strict=True)]
        live = [row for is_live, row in rows if is_live]
        for gauge in self._gauges:
            totals[gauge] = sum(row[gauge] for row in live)
        return totals
