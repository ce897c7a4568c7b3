"""What persistence counts; the application decides where the counts go."""

from collections.abc import Callable
from dataclasses import dataclass


def _ignore_count(_amount: int) -> None:
    pass


def _ignore_reader(_standby: str) -> None:
    pass


def _ignore_wait(_pool: str, _seconds: float) -> None:
    pass


Count = Callable[[int], None]
"""Adds to a counter; called from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """``from_memory``, ``from_database`` and ``rendered`` count documents by where they came from.

    ``pool_wait`` gets the name of a pool and the seconds that a caller waited for one of its
    connections, whether it got one or not.

    ``standby_read`` and ``standby_refusal`` get the name of a standby: for each caller that was
    looked up there, and for each for whom it was too far behind, or failed.
    """

    from_memory: Count = _ignore_count
    from_database: Count = _ignore_count
    rendered: Count = _ignore_count
    pool_wait: Callable[[str, float], None] = _ignore_wait
    standby_read: Callable[[str], None] = _ignore_reader
    standby_refusal: Callable[[str], None] = _ignore_reader


NO_MEASURES = Measures()
