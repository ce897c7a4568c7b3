"""When a process that died is started again, and when no more."""

import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0
MAX_DEATHS = 30
"""So many deaths in the window, for each worker of a server, end the server."""
_FIRST_PAUSE_SECONDS = 0.1


class Restarts:
    """The recent deaths of one process, which is replaced each time.

    The first death is answered at once. Each further one within a minute doubles the pause before
    the restart, from 0.1 seconds up to ``longest``, so that a process that cannot live is never
    restarted in a busy loop.
    """

    def __init__(self, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._longest = longest
        self._clock = clock
        self._deaths: deque[float] = deque()

    @property
    def deaths(self) -> int:
        """How many there were in the last minute."""
        while self._deaths and self._deaths[0] <= self._clock() - WINDOW_SECONDS:
            self._deaths.popleft()
        return len(self._deaths)

    def pause(self) -> float:
        """Count a death that happened now; return the seconds to wait before the restart."""
        earlier = self.deaths
        self._deaths.append(self._clock())
        if not earlier:
            return 0.0
        # The exponent is bounded, since a float is.
        return min(self._longest, _FIRST_PAUSE_SECONDS * 2.0 ** min(earlier - 1, 30))
