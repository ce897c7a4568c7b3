"""Positions in the history of changes of a database, to compare servers with what a client knows.

A change is a transaction with a number, and numbers grow. The history has a timeline, whose number
grows when another server takes over; that server may lack the last changes of the timeline before.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """All transactions with numbers below ``transaction`` have ended, on this timeline."""

    timeline: int
    transaction: int

    def includes(self, other: "Position") -> bool:
        """Whether every change before ``other`` is one before this position, or was lost.

        A later timeline has lost what it does not have. Transactions of an earlier timeline are
        other ones with the same numbers.
        """
        return self.timeline >= other.timeline and self.transaction >= other.transaction


ORIGIN = Position(0, 0)
"""Before all changes."""


@dataclass(frozen=True, slots=True)
class StandbyReader:
    """A client that may read from a standby that includes its own last change, ``seen``.

    ``key`` is the same for all requests of one client, which then read from the same standby.
    """

    seen: Position
    key: str
