"""CPU seconds and memory of processes."""

from collections.abc import Mapping
from pathlib import Path

import psutil

_KIB = 1024


def tree(pid: int) -> list[psutil.Process]:
    """The process and all its descendants."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """The CPU seconds of the process and its descendants so far, including ended ones."""
    used = 0.0
    for process in tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system + times.children_user + times.children_system
    return used


def run_nanoseconds(pid: int) -> Mapping[str, int]:
    """How long each thread of the process and its descendants has run, by its file (Linux only).

    `cpu_seconds` counts in hundredths of a second.
    """
    return {
        str(file): int(file.read_text().split()[0])
        for process in tree(pid)
        for file in Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    }


def memory(pid: int) -> int:
    """The memory of the largest process of the tree now, in bytes."""
    return max(int(process.memory_info().rss) for process in tree(pid))


def peak_memory(pid: int) -> int:
    """The peak memory (VmHWM) of the largest process of the tree, in bytes."""
    return max(_high_water(process.pid) for process in tree(pid))


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    lines = (line.split() for line in status.splitlines())
    return next((int(line[1]) * _KIB for line in lines if line[0] == "VmHWM:"), 0)
