"""Memory that the processes of a server share: one slot of numbers for each process.

prometheus_client shares values through files, one for each process that ever ran. Changing a value
there costs eight times as much, and the files of dead processes stay.

A reload may run another release in the main process while workers of the last one still serve. A
release with other numbers appends a generation of slots to the file; all processes read all
generations, and count the numbers that they know.
"""

import fcntl
import json
import mmap
import os
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import reduction
from struct import Struct
from typing import Any, Protocol, cast

from handlers.metrics.layouts import Block, Layout, size_of, translate, translation

_NUMBER = 8  # bytes
_WORD = Struct("<Q")
_ENTRY = Struct("<QQ")
_PAGE = mmap.ALLOCATIONGRANULARITY
_MAX_GENERATIONS = (_PAGE - _WORD.size) // _ENTRY.size


class Numbers(Protocol):
    """Numbers by index, in memory of this process or in shared memory."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> float: ...
    def __setitem__(self, index: int, value: float, /) -> None: ...
    def tolist(self) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class Slot:
    """The numbers of one process; of another generation, a copy. ``is_live``: the process runs."""

    pid: int
    is_live: bool
    numbers: Numbers


class SharedCells:
    """``slots`` times the numbers of ``layout``, zero at first, for this process and its children.

    A process claims a slot by a record lock, which the kernel releases when the process ends, in
    whatever way. The next process that claims the slot continues its counters: nothing is lost, and
    nothing counts twice. No file remains after the last process. ``descriptor``: the file of an
    earlier program of this process. Raises ValueError if there is no room for another generation.
    """

    def __init__(self, layout: Layout, slots: int, descriptor: int | None = None) -> None:
        self.layout = layout
        self.owner = os.getpid()
        self._slots = slots
        # Never closed: closing any descriptor of a file drops all record locks of the process.
        self.descriptor = _memory_file() if descriptor is None else descriptor
        self._generations: list[_Generation] = []
        self._claimed: int | None = None
        self._own = self._last_or_new()

    def claim(self) -> Numbers | None:
        """Return the numbers of a slot that no running process has; None if there is none."""
        for slot in range(self._slots):
            byte = self._own.offset + slot
            if self._lock(byte, fcntl.LOCK_EX):
                self._claimed = byte
                self._own.set_pid(slot, os.getpid())
                return self._own.numbers(slot)
        return None

    def slots(self) -> Iterator[Slot]:
        """All slots that were claimed at least once, of all generations."""
        for generation in self._all():
            for slot in range(generation.slots):
                pid = generation.pid(slot)
                if pid:
                    is_live = self._is_live(generation.offset + slot)
                    yield Slot(pid, is_live, self._translated(generation, slot))

    def _translated(self, generation: "_Generation", slot: int) -> Numbers:
        numbers = generation.numbers(slot)
        if generation.layout == self.layout:
            return numbers
        places = translation(generation.layout, self.layout)
        return cast(Numbers, array("d", translate(numbers.tolist(), places)))

    def _last_or_new(self) -> "_Generation":
        generations = self._all()
        if generations and (generations[-1].layout, generations[-1].slots) == (
            self.layout,
            self._slots,
        ):
            return generations[-1]
        if len(generations) >= _MAX_GENERATIONS:
            raise ValueError("there is no room for more metrics")
        self._append()
        return self._all()[-1]

    def _append(self) -> None:
        """Add a generation; other processes see it once it is complete."""
        head = json.dumps([self._slots, self.layout]).encode()
        length = _align(_WORD.size + len(head), _NUMBER)
        length += self._slots * (size_of(self.layout) + 1) * _NUMBER
        size = max(_PAGE, os.fstat(self.descriptor).st_size)
        offset = _align(size, _PAGE)
        os.ftruncate(self.descriptor, offset + _align(length, _PAGE))
        os.pwrite(self.descriptor, _WORD.pack(len(head)) + head, offset)
        count = len(self._generations)
        entry = _ENTRY.pack(offset, length)
        os.pwrite(self.descriptor, entry, _WORD.size + count * _ENTRY.size)
        os.pwrite(self.descriptor, _WORD.pack(count + 1), 0)

    def _all(self) -> "list[_Generation]":
        index = os.pread(self.descriptor, _PAGE, 0)
        count = _WORD.unpack_from(index)[0] if index else 0
        for known in range(len(self._generations), count):
            offset, length = _ENTRY.unpack_from(index, _WORD.size + known * _ENTRY.size)
            self._generations.append(_Generation(self.descriptor, offset, length))
        return self._generations

    def _is_live(self, byte: int) -> bool:
        if byte == self._claimed:
            return True  # a process does not see its own locks
        if not self._lock(byte, fcntl.LOCK_SH):
            return True
        fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, byte)
        return False

    def _lock(self, byte: int, kind: int) -> bool:
        try:
            fcntl.lockf(self.descriptor, kind | fcntl.LOCK_NB, 1, byte)
        except OSError:
            return False
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        # For a child that is spawned, not forked.
        return _received, (self.layout, self._slots, self.owner, reduction.DupFd(self.descriptor))


class _Generation:
    """The slots of one layout: a head that describes them, then the pid and numbers of each."""

    def __init__(self, descriptor: int, offset: int, length: int) -> None:
        self.offset = offset
        memory = mmap.mmap(descriptor, length, offset=offset)
        size = _WORD.unpack_from(memory)[0]
        head = memory[_WORD.size : _WORD.size + size]
        self.slots: int
        self.slots, blocks = json.loads(head)
        self.layout: Layout = tuple(Block(*block) for block in blocks)
        start = _align(_WORD.size + size, _NUMBER)
        self._numbers: Any = memoryview(memory)[start:].cast("d")

    @cached_property
    def _size(self) -> int:
        return size_of(self.layout)

    def pid(self, slot: int) -> int:
        """The process that claimed the slot last; 0 if none did."""
        return int(self._numbers[slot * (self._size + 1)])

    def set_pid(self, slot: int, pid: int) -> None:
        self._numbers[slot * (self._size + 1)] = pid

    def numbers(self, slot: int) -> Numbers:
        """The numbers of the slot, in shared memory."""
        start = slot * (self._size + 1) + 1
        return cast(Numbers, self._numbers[start : start + self._size])


def _received(layout: Layout, slots: int, owner: int, descriptor: Any) -> SharedCells:
    cells = SharedCells(layout, slots, descriptor.detach())
    cells.owner = owner
    return cells


def _align(size: int, unit: int) -> int:
    """The next multiple of ``unit``."""
    return -(-size // unit) * unit


def _memory_file() -> int:
    """A file without a name: in memory where the system has such files, else in a folder for
    temporary files."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("waybill-metrics")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
