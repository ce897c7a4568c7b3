"""How a command that works on and on is asked to end."""

import os
import signal
import time
from types import FrameType
from typing import Any, Self

GRACE_SECONDS = 4
_STEP_SECONDS = 0.2


class GracefulShutdown:
    """Turns SIGTERM and Ctrl-C into a wish that the work looks at.

    The work in hand may go on for four seconds, then it is broken off by SystemExit. The death of
    the process ``parent``, where one is given, is such a wish, too.
    """

    def __init__(self, parent: int | None = None) -> None:
        self._parent = parent
        self._was_signalled = False
        self._usual: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number, handler in (
            (signal.SIGTERM, self._request),
            (signal.SIGINT, self._request),
            (signal.SIGALRM, _break_off),
        ):
            self._usual[number] = signal.signal(number, handler)
        return self

    def __exit__(self, *_: object) -> None:
        signal.alarm(0)
        for number, handler in self._usual.items():
            signal.signal(number, handler)

    @property
    def is_requested(self) -> bool:
        is_orphan = self._parent is not None and os.getppid() != self._parent
        return self._was_signalled or is_orphan

    def wait(self, seconds: float) -> None:
        # In steps: a sleep goes on after a signal, and an event that a handler sets can lock up.
        end = time.monotonic() + seconds
        while not self.is_requested and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _STEP_SECONDS))

    def _request(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._was_signalled:
            self._was_signalled = True
            signal.alarm(GRACE_SECONDS)


def _break_off(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
