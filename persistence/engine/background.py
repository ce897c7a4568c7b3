"""Work that no answer waits for, in a thread of its own."""

import logging
from collections.abc import Callable
from os import getpid
from queue import Empty, Full, Queue
from threading import Lock, Thread

MAX_WAITING = 256
_IDLE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Background:
    """Runs functions one after the other; what comes while too many wait is dropped.

    Its thread begins with the first function, and ends when nothing has come for some seconds.
    A process that was forked begins with nothing: threads stay with their process.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._pid = getpid()
        self._waiting: Queue[Callable[[], None]] = Queue(MAX_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def run(self, function: Callable[[], None]) -> None:
        """Have ``function`` run soon."""
        if self._pid != getpid():
            self._begin()
        try:
            self._waiting.put_nowait(function)
        except Full:
            return
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="background", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Wait until all is done that this process has had run."""
        if self._pid == getpid():
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
