"""Graceful shutdown of long-running commands, on SIGTERM or Ctrl-C."""

import os
import signal
import time
from types import FrameType
from typing import Any, Self

GRACE_SECONDS = 4
_STEP_SECONDS = 0.2


class GracefulShutdown:
    """Turns SIGTERM and Ctrl-C into a flag that the work polls.

    Work in progress has four seconds, then SystemExit interrupts it. The death of the process
    ``parent``, if given, requests a shutdown, too.
    """

    def __init__(self, parent: int | None = None) -> None:
        self._parent = parent
        self._was_signalled = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number, handler in (
            (signal.SIGTERM, self._request),
            (signal.SIGINT, self._request),
            (signal.SIGALRM, _interrupt),
        ):
            self._previous[number] = signal.signal(number, handler)
        return self

    def __exit__(self, *_: object) -> None:
        signal.alarm(0)
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @property
    def is_requested(self) -> bool:
        is_orphan = self._parent is not None and os.getppid() != self._parent
        return self._was_signalled or is_orphan

    def wait(self, seconds: float) -> None:
        # In steps: a sleep resumes after a signal, and a signal handler that sets a
        # threading.Event can deadlock.
        end = time.monotonic() + seconds
        while not self.is_requested and (remaining := end - time.monotonic()) > 0:
            time.sleep(min(remaining, _STEP_SECONDS))

    def _request(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._was_signalled:
            self._was_signalled = True
            signal.alarm(GRACE_SECONDS)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
