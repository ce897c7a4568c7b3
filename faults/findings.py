"""What one check found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

Figure = float | int | str


@dataclass(frozen=True)
class Finding:
    """What a check did and saw on one database.

    ``amount`` is how much was done, ``wanted`` how much has to be; ``bar`` says in words what had
    to hold, ``figures`` what was measured, and ``failures`` each case in which it did not hold.
    """

    test: str
    database: str
    amount: int
    wanted: int
    bar: str
    figures: Mapping[str, Figure]
    failures: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def is_passed(self) -> bool:
        """Whether enough was done, and nothing failed."""
        return not self.failures and self.amount >= self.wanted

    def with_failures(self, more: Iterable[str]) -> "Finding":
        """The same, with what failed besides."""
        return replace(self, failures=(*self.failures, *more))
