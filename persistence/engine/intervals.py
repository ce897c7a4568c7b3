"""The time since an event, shared by the threads of a process."""

from threading import Lock
from time import monotonic


class Interval:
    """The time since the last event; at first there was none."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._lock = Lock()

    def passed(self, seconds: float) -> bool:
        """Return whether the last event is at least ``seconds`` ago; if so, the next one is now.

        Of several threads that call it at once, only one gets True.
        """
        with self._lock:
            if self.is_within(seconds):
                return False
            self._last = monotonic()
            return True

    def start(self) -> None:
        """Record that the event happens now."""
        self._last = monotonic()

    def is_within(self, seconds: float) -> bool:
        """Return whether the last event is less than ``seconds`` ago."""
        last = self._last
        return last is not None and monotonic() - last < seconds
