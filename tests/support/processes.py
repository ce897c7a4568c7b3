"""Processes of our own, seen from outside."""

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

_PATIENCE_SECONDS = 30
_STEP_SECONDS = 0.05


def wait_until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(_STEP_SECONDS)


def wait_for_another(parent: int, known: Collection[int]) -> int:
    """Return the child that this process has started besides the known ones."""

    def found() -> set[int]:
        return set(children_of(parent)) - set(known)

    wait_until(found)
    return found().pop()


def children_of(pid: int) -> list[int]:
    """The processes that this one has started, the eldest first."""
    listed = []
    for task in Path(f"/proc/{pid}/task").iterdir():  # a child belongs to the thread that made it
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since
            listed += (task / "children").read_text().split()
    return sorted(map(int, listed))


def is_running(pid: int) -> bool:
    """Whether the process is there, and more than an entry that nobody has removed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
