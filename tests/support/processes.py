"""Waits for child processes and inspects them."""

import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

_TIMEOUT_SECONDS = 30
_STEP_SECONDS = 0.05


def wait_until(condition: Callable[[], object], timeout: float = _TIMEOUT_SECONDS) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "the condition did not become true"
        time.sleep(_STEP_SECONDS)


def wait_for_another(parent: int, known: Collection[int]) -> int:
    """Wait for a child of the process other than the known ones; return its pid."""

    def new_children() -> set[int]:
        return set(children_of(parent)) - set(known)

    wait_until(new_children)
    return new_children().pop()


def children_of(pid: int) -> list[int]:
    """The pids of the process's children, the oldest first."""
    pids = []
    for task in Path(
        f"/proc/{pid}/task"
    ).iterdir():  # a child belongs to the thread that started it
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended
            pids += (task / "children").read_text().split()
    return sorted(map(int, pids))


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_pending(pid: int, number: signal.Signals) -> bool:
    """Whether the signal waits for the process, which is stopped."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [pending] = [line.split()[1] for line in lines if line.startswith("ShdPnd:")]
    return bool(int(pending, 16) & 1 << number - 1)
