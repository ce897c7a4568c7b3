"""The shop's return period."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """How long after its delivery a line may be returned."""

    window: timedelta = timedelta(days=14)

    def ends(self, delivered_date: datetime) -> datetime:
        """Return when the return period ends."""
        try:
            return delivered_date + self.window
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)
