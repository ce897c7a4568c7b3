"""Measures approving and completing requests, which have commands but no HTTP operation."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from benchmarks import usage, waybill
from benchmarks.load import Load
from benchmarks.loader import percentile
from benchmarks.postgres import Postgres
from benchmarks.results import Measurement, Run
from benchmarks.servers import WAYBILL
from benchmarks.workloads import APPROVE, COMPLETE

_PER_TURN = 12
_DECISIONS = {APPROVE: "approve", COMPLETE: "complete"}
_OPEN = "SELECT pk FROM cancellation_requests WHERE status = 'open' ORDER BY pk DESC LIMIT %s"


def decide(postgres: Postgres, turns: int, run: Run) -> None:
    """Approve and complete some open requests of Waybill's database in each turn.

    A first turn warms up and is followed by ANALYZE.
    """
    url = postgres.url(WAYBILL.database)
    with psycopg.connect(url) as connection:
        pks = [pk for (pk,) in connection.execute(_OPEN, [_PER_TURN * (turns + 1)])]
    with _decision_worker(url) as worker:
        for at in range(0, len(pks), _PER_TURN):
            for workload, decision in _DECISIONS.items():
                before = usage.cpu_seconds(postgres.pid)
                load, cpu = _measure(worker, decision, pks[at : at + _PER_TURN])
                used = usage.cpu_seconds(postgres.pid) - before
                if at:
                    run.add(WAYBILL.name, workload, Measurement(load, cpu, used))
            if not at:
                postgres.analyze(WAYBILL.database)


@contextmanager
def _decision_worker(url: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [waybill.PYTHON, "-m", "benchmarks.decision_worker"],
        cwd=waybill.ROOT,
        env=waybill.environ(url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def _measure(
    worker: "subprocess.Popen[str]", decision: str, pks: Sequence[int]
) -> tuple[Load, float]:
    """The load of the decisions, and the CPU seconds of the process that made them."""
    assert worker.stdin  # noqa: S101 - both are pipes
    assert worker.stdout  # noqa: S101
    milliseconds, cpu = [], 0.0
    for pk in pks:
        worker.stdin.write(f"{decision} {pk}\n")
        worker.stdin.flush()
        line = worker.stdout.readline().split()
        if not line:
            raise RuntimeError(f"could not {decision} request {pk}")
        milliseconds.append(float(line[0]))
        cpu += float(line[1]) / 1e3
    ordered = sorted(milliseconds)
    p50, p99 = percentile(ordered, 50), percentile(ordered, 99)
    return Load(len(pks), sum(ordered) / 1e3, 0, 0, p50, p99), cpu
