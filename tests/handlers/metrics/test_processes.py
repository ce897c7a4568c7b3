import os
import time
from pathlib import Path

import pytest

from handlers.metrics import processes
from handlers.metrics.processes import ProcessMetrics
from handlers.metrics.shared_cells import SharedCells
from tests.handlers.metrics.test_shared_cells import ONE, Other


def collected(parent: int, *workers: int) -> dict[str, float]:
    return {
        metric.name: metric.samples[0].value for metric in ProcessMetrics().collect(parent, workers)
    }


def test_describe_this_process() -> None:
    found = collected(os.getpid())

    times = os.times()
    ended = times.children_user + times.children_system
    assert abs(found["process_cpu_seconds"] - time.process_time() - ended) < 1
    assert 0 < time.time() - found["process_start_time_seconds"] < 86_400
    assert found["process_resident_memory_bytes"] > 1 << 20
    assert found["process_virtual_memory_bytes"] > found["process_resident_memory_bytes"]
    assert found["process_open_fds"] >= 3
    assert found["process_max_fds"] > found["process_open_fds"]


def test_add_up_over_the_workers() -> None:
    other = Other(SharedCells(ONE, 1), 1)

    try:
        alone, both = collected(os.getpid()), collected(os.getpid(), other.process.pid)
    finally:
        other.end()

    for name in ("process_resident_memory_bytes", "process_open_fds"):
        assert both[name] > alone[name]


def test_leave_out_workers_that_have_just_ended() -> None:
    other = Other(SharedCells(ONE, 1), 1)
    other.end()

    assert collected(os.getpid(), other.process.pid).keys() == collected(os.getpid()).keys()


def test_a_limit_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = Path("/proc") / str(os.getpid())
    folder = tmp_path / "7"
    folder.mkdir()
    (folder / "stat").write_text((own / "stat").read_text())
    (folder / "limits").write_text("Max open files            unlimited  unlimited  files\n")
    (tmp_path / "stat").write_text("cpu 1\n")
    monkeypatch.setattr(processes, "_PROC", tmp_path)

    found = collected(7)

    assert "process_max_fds" not in found
    assert found["process_open_fds"] == 0


def test_are_left_out_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "_PROC", tmp_path)

    assert collected(os.getpid()) == {}
