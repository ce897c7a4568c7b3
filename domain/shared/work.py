"""The base of all units of work: one time, and one commit.

Every subject has a Protocol that extends ``Work`` with the repositories that its services use.
``domain.unit_of_work`` is the sum of them; no service imports it.
"""

from datetime import datetime
from typing import Protocol


class Work(Protocol):
    """Changes that are committed together, or not at all."""

    @property
    def now(self) -> datetime:
        """The time (UTC) of all changes of this unit of work."""

    def commit(self) -> None:
        """Commit the changes."""
