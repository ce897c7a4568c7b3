"""Functions that run repeatedly, each in a thread of its own."""

import logging
from collections.abc import Callable, Mapping
from threading import Event, Thread

_JOIN_SECONDS = 3.0

logger = logging.getLogger(__name__)


class Repeating:
    """Runs functions from ``start`` on; between two runs, each waits ``pause()`` seconds.

    An error of a function is logged. The threads end with the process.
    """

    def __init__(
        self, functions: Mapping[str, Callable[[], None]], pause: Callable[[], float]
    ) -> None:
        """``functions`` have the names of their threads."""
        self._pause = pause
        self._is_stopped = False
        self._wake_ups = {name: Event() for name in functions}
        self._threads = [
            Thread(target=self._repeat, args=(function, self._wake_ups[name]), name=name)
            for name, function in functions.items()
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def run_now(self) -> None:
        """End the pauses, so that all functions run now."""
        for wake_up in self._wake_ups.values():
            wake_up.set()

    def stop(self) -> None:
        """End the threads, and wait for each for a few seconds at most."""
        self._is_stopped = True
        self.run_now()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)

    def _repeat(self, function: Callable[[], None], wake_up: Event) -> None:
        while not self._is_stopped:
            wake_up.clear()
            try:
                function()
            except Exception:
                logger.exception("a check of PostgreSQL's servers has failed")
            if not self._is_stopped:
                wake_up.wait(self._pause())
