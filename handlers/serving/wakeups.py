"""What ends the sleep of a main loop: a signal handler, or another thread."""

import os
import select
import signal
from contextlib import suppress


class Wakeup:
    """A threading.Event for signal handlers, too.

    The lock of an Event would block forever in a handler that interrupts the thread that has it.
    This uses a pipe instead.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        for end in (self._reading, self._writing):
            os.set_blocking(end, False)

    def set_by_signals(self) -> None:
        """Let each signal with a handler end the sleep of the main thread.

        A handler runs between two instructions of Python, so a signal that arrives just before the
        sleep would be handled after it.
        """
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)

    def set(self) -> None:
        """End the sleep now, or the next one at once."""
        with suppress(BlockingIOError):  # a full pipe ends it, too
            os.write(self._writing, b"!")

    def clear(self) -> None:
        """Forget all wake-ups so far."""
        with suppress(BlockingIOError):
            while os.read(self._reading, 4096):
                pass

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep for at most ``seconds``; return whether a wake-up ended it earlier."""
        return bool(select.select([self._reading], [], [], seconds)[0])
