"""Rounds: every server in turn, each under every load, and again; medians over the rounds."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import pgbench, usage
from benchmarks.load import Load, put_load
from benchmarks.servers import SERVERS, Running, Server
from benchmarks.stage import Stage
from benchmarks.workloads import Workload

DATABASE = "the database alone"
_WARM_UP_SECONDS = 1


@dataclass(frozen=True)
class Effort:
    """How long and how often."""

    rounds: int
    seconds: int
    connections: int
    workers: int


@dataclass(frozen=True)
class Measured:
    """One server under one load in one round; CPU seconds by server and by PostgreSQL."""

    load: Load
    server_cpu: float = 0.0
    database_cpu: float = 0.0


@dataclass
class Result:
    """All rounds of one server under one load."""

    server: str
    workload: str
    rounds: list[Measured] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Good answers a second, the median of the rounds."""
        return statistics.median(each.load.rate for each in self.rounds)

    @property
    def errors(self) -> int:
        """Of all rounds together."""
        return sum(each.load.errors for each in self.rounds)

    def summary(self) -> dict[str, Any]:
        """The figures of the table: milliseconds, bytes and CPU milliseconds of one request."""
        loads = [each.load for each in self.rounds]
        middle = statistics.median
        return {
            "server": self.server,
            "workload": self.workload,
            "requests_per_second": self.rate,
            "least": min(load.rate for load in loads),
            "most": max(load.rate for load in loads),
            "p50": middle(load.p50 for load in loads),
            "p99": middle(load.p99 for load in loads),
            "errors": self.errors,
            "bytes": middle(load.bytes / max(1, load.requests) for load in loads),
            "server_cpu": middle(_each(m.server_cpu, m) for m in self.rounds),
            "database_cpu": middle(_each(m.database_cpu, m) for m in self.rounds),
        }


@dataclass
class Run:
    """What all rounds gave; memory in bytes and times in seconds, by server."""

    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, server: str, workload: str, measured: Measured) -> None:
        """Keep what one round gave."""
        empty = Result(server, workload)
        self.results.setdefault((server, workload), empty).rounds.append(measured)

    def rate(self, server: str, workload: str) -> float | None:
        """The median; None where it was not measured."""
        result = self.results.get((server, workload))
        return result.rate if result else None


def measure(stage: Stage, effort: Effort, servers: Sequence[Server] = SERVERS) -> Iterator[Run]:
    """Yield the run after each round."""
    run = Run()
    for _ in range(effort.rounds):
        for server in servers:
            with stage.running(server, effort.workers) as started:
                _measure_server(stage, server, started, effort, run)
        if pgbench.PGBENCH:
            _measure_database(stage, effort, run)
        yield run


def _measure_server(
    stage: Stage, server: Server, started: Running, effort: Effort, run: Run
) -> None:
    run.starts.setdefault(server.name, []).append(started.start_seconds)
    for workload in (*stage.reads, stage.create):
        if workload.name not in server.workloads:
            continue
        if not workload.is_write:
            put_load(started.base_url, workload, _WARM_UP_SECONDS, effort.connections, stage.folder)
        run.add(server.name, workload.name, _measured(stage, started, workload, effort))
    memory = usage.peak_memory(started.process.pid)
    run.memory[server.name] = max(memory, run.memory.get(server.name, 0))


def _measured(stage: Stage, started: Running, workload: Workload, effort: Effort) -> Measured:
    pids = (started.process.pid, stage.postgres.pid)
    before = [usage.cpu_seconds(pid) for pid in pids]
    load = put_load(started.base_url, workload, effort.seconds, effort.connections, stage.folder)
    used = [usage.cpu_seconds(pid) - earlier for pid, earlier in zip(pids, before, strict=True)]
    return Measured(load, *used)


def _measure_database(stage: Stage, effort: Effort, run: Run) -> None:
    url = stage.postgres.url("pages")
    for workload in stage.reads:
        before = usage.cpu_seconds(stage.postgres.pid)
        load = pgbench.put_database_load(
            url,
            workload,
            stage.owner(workload),
            effort.seconds,
            effort.connections,
            stage.folder,
        )
        used = usage.cpu_seconds(stage.postgres.pid) - before
        run.add(DATABASE, workload.name, Measured(load, database_cpu=used))


def _each(cpu_seconds: float, measured: Measured) -> float:
    return cpu_seconds * 1e3 / max(1, measured.load.requests)
