"""The clock of a sandbox, which stands still until it is set."""

from datetime import UTC, datetime

from domain.shared.errors import InvalidInput

# No date of the shop is far enough from these bounds to exceed the range of datetime.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Clock:
    """A callable that returns the time, aware and in UTC. Thread-safe."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Set the time to ``now``, an aware datetime. Raises InvalidInput outside this century."""
        if not _FIRST <= now < _LAST:
            raise InvalidInput("This value is not valid.", field="now")
        self._now = now.astimezone(UTC)
