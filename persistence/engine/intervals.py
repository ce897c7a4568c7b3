"""How long ago something happened last, known to all threads of a process."""

from threading import Lock
from time import monotonic


class Interval:
    """The time since the last event; at first there was none."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._lock = Lock()

    def passed(self, seconds: float) -> bool:
        """Return whether the last event is so long ago, and if so, take this call for the next.

        Of several threads that ask at once, one is told so.
        """
        with self._lock:
            if self.is_within(seconds):
                return False
            self._last = monotonic()
            return True

    def start(self) -> None:
        """Note that the event happens now."""
        self._last = monotonic()

    def is_within(self, seconds: float) -> bool:
        """Return whether the last event is less than so many seconds ago."""
        last = self._last
        return last is not None and monotonic() - last < seconds
