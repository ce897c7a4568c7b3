"""CPU, memory and files of all processes of a server, from /proc (proc(5))."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

_PROC = Path("/proc")
_TRIES = 5
# Fields of /proc/PID/stat after the name of the program, counted from 0.
_PARENT, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM, _START, _VIRTUAL, _RESIDENT = (
    1,
    11,
    12,
    13,
    14,
    19,
    20,
    21,
)


class ProcessMetrics:
    """The `process_` metrics of the convention, each the sum over all processes.

    The CPU seconds include those of workers that have ended. Resident memory counts pages that
    workers share once for each of them. Nothing where the system has no /proc.
    """

    def __init__(self) -> None:
        self._pages = os.sysconf("SC_PAGE_SIZE")
        self._ticks = float(os.sysconf("SC_CLK_TCK"))

    def collect(self, parent: int, workers: Sequence[int]) -> Iterator[Metric]:
        """``parent``: the process that began the server; ``workers``: its children so far."""
        rows = _rows(parent, workers)
        if parent not in rows:
            return
        own = (_USER, _SYSTEM)
        seconds = sum(row[field] for row in rows.values() for field in own)
        seconds += sum(rows[parent][field] for field in (_CHILDREN_USER, _CHILDREN_SYSTEM))
        yield CounterMetricFamily(
            "process_cpu_seconds",
            "User and system CPU time of all processes of the server, ended ones included.",
            seconds / self._ticks,
        )
        yield GaugeMetricFamily(
            "process_start_time_seconds",
            "When the server started, in seconds since 1970.",
            _boot_time() + rows[parent][_START] / self._ticks,
        )
        yield GaugeMetricFamily(
            "process_virtual_memory_bytes",
            "Virtual memory of all processes of the server.",
            sum(row[_VIRTUAL] for row in rows.values()),
        )
        yield GaugeMetricFamily(
            "process_resident_memory_bytes",
            "Resident memory of all processes of the server; shared pages count several times.",
            sum(row[_RESIDENT] for row in rows.values()) * self._pages,
        )
        yield GaugeMetricFamily(
            "process_open_fds",
            "Open file descriptors of all processes of the server.",
            sum(map(_open_files, rows)),
        )
        limits = [limit for limit in map(_max_files, rows) if limit is not None]
        if limits:
            yield GaugeMetricFamily(
                "process_max_fds", "The most file descriptors of one process.", min(limits)
            )


def _rows(parent: int, workers: Sequence[int]) -> dict[int, list[int]]:
    """The rows of the parent and of its present children, by pid.

    An ended child has a row until the parent has waited for it; then the parent's row includes it.
    So they are read again if the parent waited for one meanwhile.
    """
    rows: dict[int, list[int]] = {}
    for _ in range(_TRIES):
        before = _stat(parent)
        read = {pid: row for pid in {parent, *workers} if (row := _stat(pid)) is not None}
        # A number may be that of another process by now.
        rows = {pid: row for pid, row in read.items() if parent in (pid, row[_PARENT])}
        after = _stat(parent)
        if _of_children(before) == _of_children(after):
            break
    return rows


def _of_children(row: list[int] | None) -> tuple[int, int] | None:
    return None if row is None else (row[_CHILDREN_USER], row[_CHILDREN_SYSTEM])


def _stat(pid: int) -> list[int] | None:
    """The numbers of /proc/PID/stat after the name; None if the process has ended."""
    with suppress(OSError):
        text = (_PROC / str(pid) / "stat").read_text()
        fields = text.rpartition(")")[2].split()
        return [0, *map(int, fields[1:])]  # the first is a letter: the state
    return None


def _boot_time() -> int:
    lines = (_PROC / "stat").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("btime")), 0)


def _open_files(pid: int) -> int:
    with suppress(OSError):
        return len(os.listdir(_PROC / str(pid) / "fd"))  # noqa: PTH208 - no Path for each
    return 0


def _max_files(pid: int) -> int | None:
    with suppress(OSError):
        for line in (_PROC / str(pid) / "limits").read_text().splitlines():
            if line.startswith("Max open files"):
                soft = line.split()[3]
                return int(soft) if soft.isdigit() else None
    return None
