"""What every unit of work has: one moment, and one commit.

Each subject declares below its repository which repositories its services use, as a Protocol that
extends ``Work``. ``domain.unit_of_work`` is the sum of them all and is imported by no service.
"""

from datetime import datetime
from typing import Protocol


class Work(Protocol):
    """Changes that are stored together; without ``commit`` nothing is stored."""

    @property
    def now(self) -> datetime:
        """The moment (UTC) at which all of this work happens."""

    def commit(self) -> None:
        """Store the changes."""
