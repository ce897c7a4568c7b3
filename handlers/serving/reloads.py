"""A reload: the main process runs its program again, with new code, while its workers serve.

The process stays the same, and so do its pid, its environment and its listening sockets. The old
workers, its children, become predecessors: each leaves once its successor accepts connections.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import NoReturn

from handlers.serving.worker_application import LEAVE, STOP

# Not a setting, and so without their prefix.
_VARIABLE = "SERVER_RELOAD"
_CHECK = "check"
# While the new program loads, it has no handlers for them.
_BLOCKED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Inheritance:
    """What a main process had before it ran its program again.

    ``listeners`` are descriptors; ``workers`` are the pids of their workers, None for a dead one.
    """

    listeners: Sequence[int]
    workers: Sequence[int | None]


def is_check() -> bool:
    """Whether this process only checks that the program can start."""
    return _state() == _CHECK


def inheritance() -> Inheritance | None:
    """What this process has from before a reload; None after a start."""
    state = _state()
    if state in ("", _CHECK):
        return None
    content = json.loads(state)
    if content["pid"] != os.getpid():
        return None
    return Inheritance(content["listeners"], content["workers"])


@cache
def _state() -> str:
    """Also removes it from the environment, so that no child process has it."""
    return os.environ.pop(_VARIABLE, "")


def start_check() -> "subprocess.Popen[bytes]":
    """Start the program once more; it ends before it listens, with exit code 0 if it can start."""
    return subprocess.Popen(sys.orig_argv, env=os.environ | {_VARIABLE: _CHECK})  # noqa: S603 - ours


def run_again(listeners: Sequence[int], workers: Sequence[int | None]) -> NoReturn:
    """Replace the program of this process by a new run of it. Raises OSError if that fails."""
    content = {"pid": os.getpid(), "listeners": listeners, "workers": workers}
    environment = os.environ | {_VARIABLE: json.dumps(content)}
    for descriptor in listeners:
        os.set_inheritable(descriptor, True)
    sys.stdout.flush()
    sys.stderr.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
    try:
        os.execvpe(sys.orig_argv[0], sys.orig_argv, environment)  # noqa: S606 - ours
    finally:
        unblock_signals()


def unblock_signals() -> None:
    """Handle the signals that arrived since ``run_again``, and all later ones."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _BLOCKED)


class Predecessor:
    """A worker from before a reload.

    From `leave` on, its clients have ``leave_seconds`` to leave, and their last requests
    ``stop_seconds`` more to finish. Then it is killed.
    """

    def __init__(self, pid: int, leave_seconds: float, stop_seconds: float) -> None:
        self._pid = pid
        self._seconds = {STOP: leave_seconds, signal.SIGKILL: leave_seconds + stop_seconds}
        self._since: float | None = None
        self._sent: set[signal.Signals] = set()

    def leave(self) -> None:
        """Let it accept no more connections, and stop once its clients have left."""
        if self._since is None:
            self._since = time.monotonic()
            self._send(LEAVE)

    def stop(self) -> None:
        """Let it finish the requests that it has, and stop."""
        self._send(STOP)

    def has_ended(self) -> bool:
        """Send it the signals that are due; return whether it has ended."""
        if self._since is not None:
            passed = time.monotonic() - self._since
            for number, seconds in self._seconds.items():
                if passed >= seconds:
                    self._send(number)
        try:
            return os.waitpid(self._pid, os.WNOHANG) != (0, 0)
        except ChildProcessError:
            return True

    def end(self, seconds: float) -> None:
        """Wait for its end for at most ``seconds``, then kill it."""
        end = time.monotonic() + seconds
        while not self.has_ended():
            if time.monotonic() > end:
                self._send(signal.SIGKILL)
            time.sleep(0.01)

    def _send(self, number: signal.Signals) -> None:
        if number not in self._sent:
            self._sent.add(number)
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)
