"""What processes use: CPU seconds and memory, from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

_KIB = 1024


@dataclass(frozen=True)
class CpuSeconds:
    """CPU that a process and all below it have used, by process."""

    by_process: Mapping[tuple[int, float], float]

    def since(self, earlier: "CpuSeconds") -> float:
        """The CPU seconds between two looks; processes that ended meanwhile are lost."""
        return sum(
            seconds - earlier.by_process.get(process, 0.0)
            for process, seconds in self.by_process.items()
        )


def tree(pid: int) -> list[psutil.Process]:
    """The process and all below it."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(pid: int) -> CpuSeconds:
    """What the process and all below it have used so far."""
    used = {}
    for process in tree(pid):
        try:
            times = process.cpu_times()
            used[process.pid, process.create_time()] = times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return CpuSeconds(used)


def peak_memory(pid: int) -> int:
    """The most memory, in bytes, that any one process of the tree has held (VmHWM)."""
    return max(_high_water(process.pid) for process in tree(pid))


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    lines = (line.split() for line in status.splitlines())
    return next((int(line[1]) * _KIB for line in lines if line[0] == "VmHWM:"), 0)
