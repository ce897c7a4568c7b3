"""Work that no response waits for, in a background thread."""

import logging
from collections.abc import Callable
from os import getpid
from queue import Empty, Full, Queue
from threading import Lock, Thread

MAX_WAITING = 256
_IDLE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Background:
    """Runs functions one after the other; drops new ones while ``MAX_WAITING`` wait.

    The thread starts with the first function and ends after some idle seconds. A forked process
    starts empty, since threads do not survive a fork.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._pid = getpid()
        self._waiting: Queue[Callable[[], None]] = Queue(MAX_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def run(self, function: Callable[[], None]) -> None:
        """Run ``function`` soon in the thread, or drop it."""
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
        """Wait until all functions of this process have run."""
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
