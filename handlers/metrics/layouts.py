"""Which numbers there are: blocks of numbers with a key, in their order."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Block(NamedTuple):
    """``size`` numbers, all counters or all gauges. ``key`` says of what, for other releases."""

    key: str
    size: int
    are_gauges: bool


Layout = tuple[Block, ...]


def size_of(layout: Layout) -> int:
    """The number of numbers."""
    return sum(block.size for block in layout)


def translation(source: Layout, target: Layout) -> list[int | None]:
    """For each number of ``target``, its place in ``source``; None where ``source`` lacks it."""
    places = dict(_starts(source))
    translated: list[int | None] = []
    for block in target:
        start = places.get(block)
        block_places = range(block.size)
        translated += [None if start is None else start + place for place in block_places]
    return translated


def translate(numbers: Sequence[float], places: Sequence[int | None]) -> list[float]:
    """The numbers at these places, 0 for None."""
    return [0.0 if place is None else numbers[place] for place in places]


def _starts(layout: Layout) -> Iterator[tuple[Block, int]]:
    start = 0
    for block in layout:
        yield block, start
        start += block.size
