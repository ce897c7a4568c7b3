"""Rounds of turns: all servers run at once, but only one at a time gets a load.

In a turn every server gets the same short load, one after the other. Two figures of a turn are
seconds apart, so that a slow phase of the machine affects both: ratios are computed by turn.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks import pgbench, usage
from benchmarks.decisions import decide
from benchmarks.fixture import Fixture
from benchmarks.load import Load, generate_load
from benchmarks.results import Measurement, Run
from benchmarks.servers import SERVERS, WAYBILL, Running, Server
from benchmarks.workloads import Mix, Workload, Workloads

DATABASE = "the database alone"
_WARM_UP_SECONDS = 1
_WARM_UP_WRITES = 48
_WARM_UP_PAGES = 4


@dataclass(frozen=True)
class Effort:
    """The amount of measuring; each of the ``rounds`` starts new databases and processes."""

    rounds: int
    turns: int
    seconds: int
    connections: int
    workers: int


def measure(fixture: Fixture, effort: Effort, servers: Sequence[Server] = SERVERS) -> Iterator[Run]:
    """Yield the run, with all results so far, after each round."""
    run = Run()
    for _ in range(effort.rounds):
        with fixture.all_running(servers, effort.workers) as started:
            left = _warm_up(fixture, servers, started, effort)
            turns = _Round(fixture, servers, started, effort, run)
            for read in left.reads:
                turns.take([read] * effort.turns)
            turns.take(left.create.portions(effort.turns))
            for name, running in started.items():
                run.starts.setdefault(name, []).append(running.start_seconds)
                memory = usage.peak_memory(running.process.pid)
                run.memory[name] = max(memory, run.memory.get(name, 0))
            turns.take([left.changed] * effort.turns, before=fixture.change_orders)
            turns.take(left.reject.portions(effort.turns))
            turns.take(left.cold_list.portions(effort.turns))
            turns.take(left.mix.portions(effort.turns))
        if WAYBILL in servers:
            decide(fixture.postgres, effort.turns, run)
        yield run


def _warm_up(
    fixture: Fixture, servers: Sequence[Server], started: Mapping[str, Running], effort: Effort
) -> Workloads:
    """Send each server a part of every workload, then ANALYZE its database.

    Plans made for empty tables would slow down later requests. Returns the workloads without the
    requests that were sent and must not be repeated.
    """
    workloads = fixture.workloads
    few = [
        *workloads.reads,
        workloads.create.part(0, _WARM_UP_WRITES),
        workloads.reject.part(0, _WARM_UP_PAGES),
        workloads.cold_list.part(0, _WARM_UP_PAGES),
    ]
    for server in servers:
        for workload in few:
            if workload.name in server.workloads:
                base_url = started[server.name].base_url
                generate_load(base_url, workload, _WARM_UP_SECONDS, effort.connections)
        fixture.postgres.analyze(server.database)
    return replace(
        workloads,
        create=workloads.create.part(_WARM_UP_WRITES),
        reject=workloads.reject.part(_WARM_UP_PAGES),
        cold_list=workloads.cold_list.part(_WARM_UP_PAGES),
    )


@dataclass(frozen=True)
class _Round:
    """Takes the turns of one round, and adds the results to the run."""

    fixture: Fixture
    servers: Sequence[Server]
    started: Mapping[str, Running]
    effort: Effort
    run: Run

    def take(
        self, portions: Sequence[Workload | Mix], before: Callable[[Server], None] | None = None
    ) -> None:
        """Take a turn for each portion, in which every server with the workload gets it.

        ``before`` is called before each load.
        """
        for turn, workload in enumerate(portions):
            servers = [server for server in self.servers if workload.name in server.workloads]
            for server in _rotated(servers, turn):
                if before:
                    before(server)
                self.run.add(server.name, workload.name, self._loaded(server, workload))
            if pgbench.PGBENCH and workload in self.fixture.workloads.reads:
                assert isinstance(workload, Workload)  # noqa: S101 - a mix is no read
                self.run.add(DATABASE, workload.name, self._database_alone(workload))

    def _loaded(self, server: Server, workload: Workload | Mix) -> Measurement:
        running = self.started[server.name]
        pids = (running.process.pid, self.fixture.postgres.pid)
        before = [usage.cpu_seconds(pid) for pid in pids]
        seconds = self.effort.seconds * workload.length
        load = generate_load(running.base_url, workload, seconds, self.effort.connections)
        used = [usage.cpu_seconds(pid) - past for pid, past in zip(pids, before, strict=True)]
        return Measurement(load, *used)

    def _database_alone(self, workload: Workload) -> Measurement:
        before = usage.cpu_seconds(self.fixture.postgres.pid)
        load: Load = pgbench.generate_database_load(
            self.fixture.postgres.url("pages"),
            workload,
            self.fixture.owner(workload),
            self.effort.seconds,
            self.effort.connections,
            self.fixture.folder,
        )
        used = usage.cpu_seconds(self.fixture.postgres.pid) - before
        return Measurement(load, database_cpu=used)


def _rotated(servers: Sequence[Server], turn: int) -> list[Server]:
    """The servers, starting with another one each turn."""
    first = turn % len(servers) if servers else 0
    return [*servers[first:], *servers[:first]]
