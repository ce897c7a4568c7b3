"""When to restart a process that died, and when to give up."""

import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0
MAX_DEATHS = 30
"""A server ends after this many deaths per worker within the window."""
_FIRST_PAUSE_SECONDS = 0.1


class Restarts:
    """The recent deaths of one process, and the pauses before its restarts.

    After the first death the process restarts at once. Each further death within a minute doubles
    the pause, from 0.1 seconds up to ``longest``, so that a process that always fails is not
    restarted in a busy loop.
    """

    def __init__(self, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._longest = longest
        self._clock = clock
        self._deaths: deque[float] = deque()

    @property
    def deaths(self) -> int:
        """The number of deaths in the last minute."""
        while self._deaths and self._deaths[0] <= self._clock() - WINDOW_SECONDS:
            self._deaths.popleft()
        return len(self._deaths)

    def pause(self) -> float:
        """Record a death now; return the seconds to wait before the restart."""
        earlier = self.deaths
        self._deaths.append(self._clock())
        if not earlier:
            return 0.0
        # A larger exponent would overflow the float.
        return min(self._longest, _FIRST_PAUSE_SECONDS * 2.0 ** min(earlier - 1, 30))
