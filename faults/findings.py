"""The result of one check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

Figure = float | int | str


@dataclass(frozen=True)
class Finding:
    """The result of a check on one database.

    ``count`` is how often the check did its work, ``required`` the minimum. ``requirement`` says
    what must hold, ``figures`` what was measured, and ``failures`` where it did not hold.
    """

    title: str
    database: str
    count: int
    required: int
    requirement: str
    figures: Mapping[str, Figure]
    failures: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def is_passed(self) -> bool:
        """Whether the count is sufficient and nothing failed."""
        return not self.failures and self.count >= self.required

    def with_failures(self, more: Iterable[str]) -> "Finding":
        """A copy with further failures."""
        return replace(self, failures=(*self.failures, *more))
