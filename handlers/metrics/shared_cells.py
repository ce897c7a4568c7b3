"""Memory that the processes of a server share: one slot of numbers for each process.

prometheus_client shares values through files, one for each process that ever ran; to change a value
costs eight times as much, and the files of dead processes stay.
"""

import fcntl
import mmap
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import reduction
from typing import Any, Protocol, cast

_BYTES = 8
_PID = 0  # the place of the process's id in its slot, before the numbers


class Numbers(Protocol):
    """Numbers by index, in memory of this process or in shared memory."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> float: ...
    def __setitem__(self, index: int, value: float, /) -> None: ...
    def tolist(self) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class Slot:
    """The numbers of one process. ``pid`` is 0 before the first claim; ``is_live``: it runs."""

    pid: int
    is_live: bool
    numbers: Numbers


class SharedCells:
    """``slots`` times ``size`` numbers, zero at first, for this process and its children.

    A process claims a slot by a record lock, which the kernel releases when the process ends, in
    whatever way. The next process that claims the slot continues its counters: nothing is lost, and
    nothing counts twice. No file remains after the last process.
    """

    def __init__(self, size: int, slots: int, descriptor: int | None = None) -> None:
        self.size = size
        self.owner = os.getpid()
        self._slots = slots
        self._width = size + 1
        self._descriptor = _memory_file() if descriptor is None else descriptor
        length = slots * self._width * _BYTES
        os.ftruncate(self._descriptor, length)
        # Never closed: closing any descriptor of a file drops all record locks of the process.
        self._numbers: Any = memoryview(mmap.mmap(self._descriptor, length)).cast("d")
        self._claimed: int | None = None

    def claim(self) -> Numbers | None:
        """Return the numbers of a slot that no running process has; None if there is none."""
        for slot in range(self._slots):
            if self._lock(slot, fcntl.LOCK_EX):
                self._claimed = slot
                self._numbers[slot * self._width + _PID] = os.getpid()
                return self._row(slot)
        return None

    def slots(self) -> Iterator[Slot]:
        """All slots that were claimed at least once."""
        for index in range(self._slots):
            pid = int(self._numbers[index * self._width + _PID])
            if pid:
                yield Slot(pid, self._is_live(index), self._row(index))

    def _row(self, slot: int) -> Numbers:
        start = slot * self._width + 1
        return cast(Numbers, self._numbers[start : start + self.size])

    def _is_live(self, slot: int) -> bool:
        if slot == self._claimed:
            return True  # a process does not see its own locks
        if not self._lock(slot, fcntl.LOCK_SH):
            return True
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, slot)
        return False

    def _lock(self, slot: int, kind: int) -> bool:
        try:
            fcntl.lockf(self._descriptor, kind | fcntl.LOCK_NB, 1, slot)
        except OSError:
            return False
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        # For a child that is spawned, not forked.
        descriptor: Any = reduction.DupFd(self._descriptor)
        return _received, (self.size, self._slots, self.owner, descriptor)


def _received(size: int, slots: int, owner: int, descriptor: Any) -> SharedCells:
    cells = SharedCells(size, slots, descriptor.detach())
    cells.owner = owner
    return cells


def _memory_file() -> int:
    """A file without a name: in memory where the system has such files, else in a folder for
    temporary files."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("waybill-metrics")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
