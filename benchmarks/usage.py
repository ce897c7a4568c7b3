"""What processes use: CPU seconds and memory, from outside."""

from pathlib import Path

import psutil

_KIB = 1024


def tree(pid: int) -> list[psutil.Process]:
    """The process and all below it."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """What the process and all below it have used so far, those that have ended included."""
    used = 0.0
    for process in tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system + times.children_user + times.children_system
    return used


def memory(pid: int) -> int:
    """The most memory, in bytes, that any one process of the tree holds now."""
    return max(int(process.memory_info().rss) for process in tree(pid))


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
