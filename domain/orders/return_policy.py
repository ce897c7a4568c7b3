"""What a shop may decide for itself."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """How long after its delivery a line may be sent back."""

    window: timedelta = timedelta(days=14)

    def ends(self, delivered_date: datetime) -> datetime:
        """Return the first moment at which it is too late."""
        try:
            return delivered_date + self.window
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)
