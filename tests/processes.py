"""Processes of our own, seen from outside."""

import time
from collections.abc import Callable
from pathlib import Path

_PATIENCE_SECONDS = 30
_STEP_SECONDS = 0.05


def wait_until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(_STEP_SECONDS)


def children_of(pid: int) -> list[int]:
    """The processes that this one has started, the eldest first."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return sorted(map(int, listed.split()))


def is_running(pid: int) -> bool:
    """Whether the process is there, and more than an entry that nobody has removed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
