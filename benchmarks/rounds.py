"""Rounds of turns: all servers run at once, idle but for the one whose turn it is.

In a turn every server gets the same short load, one after the other. So two figures of one turn are
seconds apart, and what slows the machine down for longer slows both: ratios are taken turn by turn.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks import pgbench, usage
from benchmarks.load import Load, put_load
from benchmarks.servers import SERVERS, Running, Server
from benchmarks.stage import Stage
from benchmarks.workloads import Workload

DATABASE = "the database alone"
_WARM_UP_SECONDS = 1
_WARM_UP_WRITES = 48


@dataclass(frozen=True)
class Effort:
    """How long and how often: ``rounds`` begin with fresh databases and processes."""

    rounds: int
    turns: int
    seconds: int
    connections: int
    workers: int


@dataclass(frozen=True)
class Measured:
    """One server under one load in one turn; CPU seconds by server and by PostgreSQL."""

    load: Load
    server_cpu: float = 0.0
    database_cpu: float = 0.0

    @property
    def cpu_of_request(self) -> float:
        """CPU milliseconds of the server for one request."""
        return self.server_cpu * 1e3 / max(1, self.load.requests)


@dataclass
class Result:
    """All turns of one server under one load, in their order."""

    server: str
    workload: str
    turns: list[Measured] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Good answers a second, the median of the turns."""
        return statistics.median(each.load.rate for each in self.turns)

    @property
    def errors(self) -> int:
        """Of all turns together."""
        return sum(each.load.errors for each in self.turns)

    def summary(self) -> dict[str, Any]:
        """The figures of the table: milliseconds, bytes and CPU milliseconds of one request."""
        loads = [each.load for each in self.turns]
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
            "server_cpu": middle(each.cpu_of_request for each in self.turns),
            "database_cpu": middle(
                each.database_cpu * 1e3 / max(1, each.load.requests) for each in self.turns
            ),
        }


@dataclass(frozen=True)
class Ratio:
    """The median of what the turns gave, and the quartiles around it."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, found: Sequence[float]) -> "Ratio":
        """Of one turn or more."""
        if len(found) == 1:
            return cls(found[0], found[0], found[0])
        low, middle, high = statistics.quantiles(found, n=4, method="inclusive")
        return cls(middle, low, high)


@dataclass
class Run:
    """What all rounds gave; memory in bytes and times in seconds, by server."""

    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, server: str, workload: str, measured: Measured) -> None:
        """Keep what one turn gave."""
        empty = Result(server, workload)
        self.results.setdefault((server, workload), empty).turns.append(measured)

    def pairs(self, workload: str, one: str, other: str) -> list[tuple[Measured, Measured]]:
        """What both gave in each turn; empty where one of the two was not measured."""
        found = [self.results.get((server, workload)) for server in (one, other)]
        if found[0] is None or found[1] is None:
            return []
        return list(zip(found[0].turns, found[1].turns, strict=True))


def measure(stage: Stage, effort: Effort, servers: Sequence[Server] = SERVERS) -> Iterator[Run]:
    """Yield the run after each round."""
    run = Run()
    for _ in range(effort.rounds):
        with stage.all_running(servers, effort.workers) as started:
            _warm_up(stage, servers, started, effort)
            for workload in stage.reads:
                chosen = [each for each in servers if workload.name in each.workloads]
                for turn in range(effort.turns):
                    _take_turn(stage, _rotated(chosen, turn), started, workload, effort, run)
            writers = [each for each in servers if stage.create.name in each.workloads]
            for turn, workload in enumerate(_portions(stage.create, effort.turns)):
                _take_turn(stage, _rotated(writers, turn), started, workload, effort, run)
            for name, running in started.items():
                run.starts.setdefault(name, []).append(running.start_seconds)
                memory = usage.peak_memory(running.process.pid)
                run.memory[name] = max(memory, run.memory.get(name, 0))
        yield run


def _warm_up(
    stage: Stage, servers: Sequence[Server], started: Mapping[str, Running], effort: Effort
) -> None:
    """Load each server with all it is measured by, then let PostgreSQL count its rows.

    Plans that were made for tables which were empty would slow down all that follows.
    """
    few = replace(stage.create, bodies=stage.create.bodies[:_WARM_UP_WRITES])
    for server in servers:
        base_url = started[server.name].base_url
        for workload in (*stage.reads, few):
            if workload.name in server.workloads:
                seconds, connections = _WARM_UP_SECONDS, effort.connections
                put_load(base_url, workload, seconds, connections, stage.folder)
        stage.postgres.analyze(server.database)


def _portions(workload: Workload, count: int) -> Iterator[Workload]:
    """As many workloads, each with its share of the bodies that the warm-up has left."""
    bodies = workload.bodies[_WARM_UP_WRITES:]
    size = len(bodies) // count
    for at in range(count):
        yield replace(workload, bodies=bodies[at * size : (at + 1) * size])


def _rotated(servers: Sequence[Server], turn: int) -> list[Server]:
    """Another one begins each turn."""
    first = turn % len(servers) if servers else 0
    return [*servers[first:], *servers[:first]]


def _take_turn(
    stage: Stage,
    servers: Sequence[Server],
    started: Mapping[str, Running],
    workload: Workload,
    effort: Effort,
    run: Run,
) -> None:
    for server in servers:
        run.add(
            server.name, workload.name, _measured(stage, started[server.name], workload, effort)
        )
    if pgbench.PGBENCH and not workload.is_write:
        run.add(DATABASE, workload.name, _database_alone(stage, workload, effort))


def _measured(stage: Stage, started: Running, workload: Workload, effort: Effort) -> Measured:
    pids = (started.process.pid, stage.postgres.pid)
    before = [usage.cpu_seconds(pid) for pid in pids]
    load = put_load(started.base_url, workload, effort.seconds, effort.connections, stage.folder)
    used = [usage.cpu_seconds(pid) - earlier for pid, earlier in zip(pids, before, strict=True)]
    return Measured(load, *used)


def _database_alone(stage: Stage, workload: Workload, effort: Effort) -> Measured:
    before = usage.cpu_seconds(stage.postgres.pid)
    load = pgbench.put_database_load(
        stage.postgres.url("pages"),
        workload,
        stage.owner(workload),
        effort.seconds,
        effort.connections,
        stage.folder,
    )
    return Measured(load, database_cpu=usage.cpu_seconds(stage.postgres.pid) - before)
