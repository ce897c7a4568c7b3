"""The clock of a sandbox, which stands still until it is set."""

from datetime import UTC, datetime

from domain.shared.errors import InvalidInput

# Nothing in the shop ends so much later that it would be past every calendar.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Clock:
    """Calling it gives the time, aware and in UTC. May be shared by threads."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Stop at ``now``, which is aware. Raises InvalidInput outside of this century."""
        if not _FIRST <= now < _LAST:
            raise InvalidInput("This value is not valid.", field="now")
        self._now = now.astimezone(UTC)
