"""Approving and completing requests, which is done by commands and not over HTTP."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from benchmarks import usage, waybill
from benchmarks.load import Load
from benchmarks.loader import percentile
from benchmarks.postgres import Postgres
from benchmarks.results import Measured, Run
from benchmarks.servers import WAYBILL
from benchmarks.workloads import APPROVE, COMPLETE

_OF_A_TURN = 12
_DECISIONS = {APPROVE: "approve", COMPLETE: "complete"}
_OPEN = "SELECT pk FROM cancellation_requests WHERE status = 'open' ORDER BY pk DESC LIMIT %s"


def decide(postgres: Postgres, turns: int, run: Run) -> None:
    """Approve and complete, in each turn, some of the requests that Waybill's database has open.

    A turn ahead of these warms up, and PostgreSQL counts its rows after it.
    """
    url = postgres.url(WAYBILL.database)
    with psycopg.connect(url) as connection:
        pks = [pk for (pk,) in connection.execute(_OPEN, [_OF_A_TURN * (turns + 1)])]
    with _desk(url) as desk:
        for at in range(0, len(pks), _OF_A_TURN):
            for workload, decision in _DECISIONS.items():
                before = usage.cpu_seconds(postgres.pid)
                load, cpu = _measured(desk, decision, pks[at : at + _OF_A_TURN])
                used = usage.cpu_seconds(postgres.pid) - before
                if at:
                    run.add(WAYBILL.name, workload, Measured(load, cpu, used))
            if not at:
                postgres.analyze(WAYBILL.database)


@contextmanager
def _desk(url: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [waybill.PYTHON, "-m", "benchmarks.desk"],
        cwd=waybill.ROOT,
        env=waybill.environ(url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def _measured(
    desk: "subprocess.Popen[str]", decision: str, pks: Sequence[int]
) -> tuple[Load, float]:
    """What came of the decisions, and the CPU seconds of the process that made them."""
    assert desk.stdin  # noqa: S101 - both are pipes
    assert desk.stdout  # noqa: S101
    milliseconds, cpu = [], 0.0
    for pk in pks:
        desk.stdin.write(f"{decision} {pk}\n")
        desk.stdin.flush()
        answer = desk.stdout.readline().split()
        if not answer:
            raise RuntimeError(f"could not {decision} request {pk}")
        milliseconds.append(float(answer[0]))
        cpu += float(answer[1]) / 1e3
    ordered = sorted(milliseconds)
    p50, p99 = percentile(ordered, 50), percentile(ordered, 99)
    return Load(len(pks), sum(ordered) / 1e3, 0, 0, p50, p99), cpu
