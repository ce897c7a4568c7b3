"""Figures of Waybill alone: reads beside writes, a second worker, imports, commands and starts."""

import os
import subprocess
import time
from collections import defaultdict
from dataclasses import replace

from benchmarks import bars, import_orders, servers, waybill
from benchmarks.load import put_load, put_mixed_load
from benchmarks.results import Run, Spread
from benchmarks.rounds import Effort
from benchmarks.servers import WAYBILL
from benchmarks.stage import Stage

_SECONDS = 4
# One write in five requests; the reads are the list page and the detail.
_ALONE, _MIXED = (0, 1, 0, 1, 0), (0, 1, 0, 1, 2)
_MEGABYTE = 1e6
_IMPORTED = 9000
_TIMES = 5
_SERVE = replace(WAYBILL, name="script/serve", command=["script/serve"])


def process_figures(run: Run) -> dict[str, Spread]:
    """The most memory that Waybill's worker had, after reads and creates."""
    return {bars.MEMORY: Spread.of([run.memory[WAYBILL.name] / _MEGABYTE])}


def reads_beside_writes(stage: Stage, effort: Effort) -> dict[str, Spread]:
    """The p99 of reads with a write in every five requests, to that of reads alone; the worse.

    Both are measured in turn by one process; a turn is a pair.
    """
    reads = stage.asked.reads[:2]
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(effort.rounds):
        with stage.running(WAYBILL, effort.workers) as started:
            warm_up, *portions = stage.asked.create.portions(effort.turns + 1)
            for turn, create in enumerate([warm_up, *portions]):
                p99: dict[tuple[tuple[int, ...], str], float] = {}
                for turns in (_ALONE, _MIXED):
                    workloads, seconds = [*reads, create], _SECONDS if turn else 1
                    loads = put_mixed_load(
                        started.base_url, workloads, turns, seconds, effort.connections
                    )
                    if any(load.errors for load in loads.values()):
                        raise RuntimeError(f"errors under mixed load: {loads}")
                    p99 |= {(turns, read.name): loads[read.name].p99 for read in reads}
                if not turn:
                    stage.postgres.analyze(WAYBILL.database)
                    continue
                for read in reads:
                    found[read.name].append(p99[_MIXED, read.name] / p99[_ALONE, read.name])
    spreads = (Spread.of(ratios) for ratios in found.values())
    return {bars.BESIDE_WRITES: max(spreads, key=lambda spread: spread.middle)}


def second_worker(stage: Stage, effort: Effort) -> dict[str, Spread]:
    """Throughput of the list page from one worker to two, round by round."""
    found = []
    for _ in range(effort.rounds):
        rates = {}
        for workers in (1, 2):
            with stage.running(WAYBILL, workers) as started:
                read = stage.asked.reads[0]
                put_load(started.base_url, read, 1, effort.connections)
                stage.postgres.analyze(WAYBILL.database)
                rates[workers] = put_load(started.base_url, read, _SECONDS, effort.connections).rate
        found.append(rates[2] / rates[1])
    return {bars.WORKERS: Spread.of(found)}


def listing(stage: Stage) -> dict[str, Spread]:
    """CPU seconds of the command that lists the requests, its start included."""
    url = stage.postgres.url(WAYBILL.template)
    waybill.run(url, "requests", "list")  # compiles what is not compiled
    return {bars.LISTING: Spread.of([_cpu_of_listing(url) for _ in range(_TIMES)])}


def imports(stage: Stage, effort: Effort) -> dict[str, Spread]:
    """Orders a second of `waybill import orders` into a new database on PostgreSQL."""
    file = stage.folder / "imported.ndjson"
    count = import_orders.write_orders(file, _IMPORTED)
    found = []
    for _ in range(effort.rounds):
        stage.postgres.create("imported")
        url = stage.postgres.url("imported")
        waybill.run(url, "migrate")
        started = time.perf_counter()
        waybill.run(url, "import", "orders", str(file))
        found.append(count / (time.perf_counter() - started))
    return {bars.IMPORT: Spread.of(found)}


def second_start(stage: Stage) -> dict[str, Spread]:
    """How long `script/serve` takes until it is ready, from the second time on.

    Its demo shop goes into a file of its own; what it installs, into the checkout's `.venv`.
    """
    url = f"sqlite:///{stage.folder / 'demo.sqlite3'}"
    _, *later = (_start_seconds(url, stage) for _ in range(_TIMES + 1))
    return {bars.START: Spread.of(later)}


def _cpu_of_listing(url: str) -> float:
    process = subprocess.Popen(
        [*waybill.COMMAND, "requests", "list"],
        env=waybill.environ(url),
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"`waybill requests list` ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def _start_seconds(url: str, stage: Stage) -> float:
    output = stage.folder / "serve.log"
    with servers.running(_SERVE, url, servers.free_port(), 1, output) as started:
        return started.start_seconds
