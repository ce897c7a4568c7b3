"""Standard error of this process, for lines that can wait a moment.

Between two requests, rendering and writing a line costs three times as much as right after another
line: its code and memory are not in the processor's caches, and a write lets another thread run.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from select import PIPE_BUF, select
from threading import RLock
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

MAX_LINES = 64
MAX_SECONDS = 0.1

Render = Callable[[], bytes]
"""Returns a line, with its end; must not raise."""

_log = structlog.get_logger(__name__)


class HeldLines:
    """Lines for the file ``descriptor``, held until there are 64, or for 0.1 seconds.

    All are written at the end of the process, unless a signal kills it. A write has whole lines, of
    at most the bytes that a pipe takes in one piece (PIPE_BUF), so that lines of processes do not
    mix; a longer line is written alone. A write waits for a slow reader. Where it fails, lines are
    dropped; once a write succeeds, a warning has their number.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._held: deque[Render] = deque()
        # Reentrant: a signal handler may log while its thread writes.
        self._lock = RLock()
        self._unwritten = b""
        self._dropped = 0
        self._loop: AbstractEventLoop | None = None
        self._pid = 0

    def add(self, render: Render, loop: "AbstractEventLoop | None") -> None:
        """Hold a line, for a timer of the running ``loop``; without a loop, write it at once."""
        self._held.append(render)
        if loop is None or len(self._held) >= MAX_LINES:
            self.flush()
        elif loop is not self._loop:
            self._loop = loop
            loop.call_later(MAX_SECONDS, self._end_wait)
            self._flush_at_exit()

    def flush(self) -> None:
        """Write all lines; from any thread."""
        if not self._held and not self._unwritten:
            return
        with self._lock:
            chunks = in_chunks([self._held.popleft()() for _ in range(len(self._held))])
            try:
                self._finish_write()
                for chunk in chunks:
                    self._unwritten = chunk
                    self._finish_write()
            except OSError:
                self._dropped += sum(chunk.count(b"\n") for chunk in chunks)
                return
            dropped, self._dropped = self._dropped, 0
        if dropped:
            _log.warning("access_log_incomplete", dropped_lines=dropped)

    def _end_wait(self) -> None:
        self._loop = None
        self.flush()

    def _finish_write(self) -> None:
        """Write the rest of a chunk, which a failure may have left in the middle of a line."""
        while self._unwritten:
            try:
                written = os.write(self._descriptor, self._unwritten)
            except BlockingIOError:  # another process made the file non-blocking
                select([], [self._descriptor], [])
            else:
                self._unwritten = self._unwritten[written:]

    def _flush_at_exit(self) -> None:
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        # Unlike atexit, it also works in a worker, which is a process of multiprocessing. Imported
        # here: commands do not need it.
        from multiprocessing.util import Finalize

        Finalize(None, self.flush, exitpriority=0)


def in_chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, joined to chunks of at most PIPE_BUF bytes; a longer line is a chunk."""
    chunk = b""
    for line in lines:
        if chunk and len(chunk) + len(line) > PIPE_BUF:
            yield chunk
            chunk = b""
        chunk += line
    if chunk:
        yield chunk


STANDARD_ERROR = HeldLines(2)
