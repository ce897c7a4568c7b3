"""Work that no answer waits for, in a thread of its own."""

import logging
from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Lock, Thread

MAX_WAITING = 256
_IDLE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Background:
    """Runs functions one after the other; what comes while too many wait is dropped.

    Its thread begins with the first function, and ends when nothing has come for some seconds.
    So a process can fork before it, and a forgotten one leaves nothing behind.
    """

    def __init__(self) -> None:
        self._waiting: Queue[Callable[[], None]] = Queue(MAX_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def run(self, function: Callable[[], None]) -> None:
        """Have ``function`` run soon."""
        try:
            self._waiting.put_nowait(function)
        except Full:
            return
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="background", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Wait until all is done that was asked for."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            self._waiting.join()

    def _work(self) -> None:
        while True:
            try:
                function = self._waiting.get(timeout=_IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if self._waiting.empty():
                        self._thread = None
                        return
                continue
            try:
                function()
            except Exception:
                logger.exception("work in the background has failed")
            finally:
                self._waiting.task_done()
