"""Rounds of turns: all servers run at once, idle but for the one whose turn it is.

In a turn every server gets the same short load, one after the other. So two figures of one turn are
seconds apart, and what slows the machine down for longer slows both: ratios are taken turn by turn.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks import pgbench, usage
from benchmarks.decisions import decide
from benchmarks.load import Load, put_load
from benchmarks.results import Measured, Run
from benchmarks.servers import SERVERS, WAYBILL, Running, Server
from benchmarks.stage import Stage
from benchmarks.workloads import Asked, Mix, Workload

DATABASE = "the database alone"
_WARM_UP_SECONDS = 1
_WARM_UP_WRITES = 48
_WARM_UP_PAGES = 4


@dataclass(frozen=True)
class Effort:
    """How long and how often: ``rounds`` begin with fresh databases and processes."""

    rounds: int
    turns: int
    seconds: int
    connections: int
    workers: int


def measure(stage: Stage, effort: Effort, servers: Sequence[Server] = SERVERS) -> Iterator[Run]:
    """Yield the run after each round."""
    run = Run()
    for _ in range(effort.rounds):
        with stage.all_running(servers, effort.workers) as started:
            left = _warm_up(stage, servers, started, effort)
            turns = _Turns(stage, servers, started, effort, run)
            for read in left.reads:
                turns.take([read] * effort.turns)
            turns.take(left.create.portions(effort.turns))
            for name, running in started.items():
                run.starts.setdefault(name, []).append(running.start_seconds)
                memory = usage.peak_memory(running.process.pid)
                run.memory[name] = max(memory, run.memory.get(name, 0))
            turns.take([left.changed] * effort.turns, before=stage.change_orders)
            turns.take(left.reject.portions(effort.turns))
            turns.take(left.cold_list.portions(effort.turns))
            turns.take(left.mix.portions(effort.turns))
        if WAYBILL in servers:
            decide(stage.postgres, effort.turns, run)
        yield run


def _warm_up(
    stage: Stage, servers: Sequence[Server], started: Mapping[str, Running], effort: Effort
) -> Asked:
    """Load each server with all it is measured by, then let PostgreSQL count its rows.

    Plans that were made for tables which were empty would slow down all that follows. Returns all
    that is asked, without the requests that are sent once and were.
    """
    asked = stage.asked
    few = [
        *asked.reads,
        asked.create.part(0, _WARM_UP_WRITES),
        asked.reject.part(0, _WARM_UP_PAGES),
        asked.cold_list.part(0, _WARM_UP_PAGES),
    ]
    for server in servers:
        for workload in few:
            if workload.name in server.workloads:
                base_url = started[server.name].base_url
                put_load(base_url, workload, _WARM_UP_SECONDS, effort.connections)
        stage.postgres.analyze(server.database)
    return replace(
        asked,
        create=asked.create.part(_WARM_UP_WRITES),
        reject=asked.reject.part(_WARM_UP_PAGES),
        cold_list=asked.cold_list.part(_WARM_UP_PAGES),
    )


@dataclass(frozen=True)
class _Turns:
    """Takes the turns of one round, and adds what they give to the run."""

    stage: Stage
    servers: Sequence[Server]
    started: Mapping[str, Running]
    effort: Effort
    run: Run

    def take(
        self, portions: Sequence[Workload | Mix], before: Callable[[Server], None] | None = None
    ) -> None:
        """A turn for each portion, in which every server that knows the workload gets it.

        ``before`` is called ahead of each load.
        """
        for turn, workload in enumerate(portions):
            chosen = [each for each in self.servers if workload.name in each.workloads]
            for server in _rotated(chosen, turn):
                if before:
                    before(server)
                self.run.add(server.name, workload.name, self._loaded(server, workload))
            if pgbench.PGBENCH and workload in self.stage.asked.reads:
                assert isinstance(workload, Workload)  # noqa: S101 - a mix is no read
                self.run.add(DATABASE, workload.name, self._database_alone(workload))

    def _loaded(self, server: Server, workload: Workload | Mix) -> Measured:
        running = self.started[server.name]
        pids = (running.process.pid, self.stage.postgres.pid)
        before = [usage.cpu_seconds(pid) for pid in pids]
        seconds = self.effort.seconds * workload.length
        load = put_load(running.base_url, workload, seconds, self.effort.connections)
        used = [usage.cpu_seconds(pid) - past for pid, past in zip(pids, before, strict=True)]
        return Measured(load, *used)

    def _database_alone(self, workload: Workload) -> Measured:
        before = usage.cpu_seconds(self.stage.postgres.pid)
        load: Load = pgbench.put_database_load(
            self.stage.postgres.url("pages"),
            workload,
            self.stage.owner(workload),
            self.effort.seconds,
            self.effort.connections,
            self.stage.folder,
        )
        used = usage.cpu_seconds(self.stage.postgres.pid) - before
        return Measured(load, database_cpu=used)


def _rotated(servers: Sequence[Server], turn: int) -> list[Server]:
    """Another one begins each turn."""
    first = turn % len(servers) if servers else 0
    return [*servers[first:], *servers[:first]]
