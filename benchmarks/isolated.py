"""Figures of Waybill only: reads beside writes, a second worker, imports, commands and starts."""

import os
import subprocess
import time
from collections import defaultdict
from dataclasses import replace

from benchmarks import import_orders, servers, targets, waybill
from benchmarks.fixture import Fixture
from benchmarks.load import generate_load, generate_mixed_load
from benchmarks.results import Run, Spread
from benchmarks.rounds import Effort
from benchmarks.servers import WAYBILL

_SECONDS = 4
# One write in five requests; the reads are the list page and the detail.
_ALONE, _MIXED = (0, 1, 0, 1, 0), (0, 1, 0, 1, 2)
_MEGABYTE = 1e6
_IMPORTED = 9000
_TIMES = 5
_SERVE = replace(WAYBILL, name="script/serve", command=["script/serve"])


def process_figures(run: Run) -> dict[str, Spread]:
    """The peak memory of Waybill's worker after reads and creates, in MB."""
    return {targets.MEMORY: Spread.of([run.memory[WAYBILL.name] / _MEGABYTE])}


def reads_beside_writes(fixture: Fixture, effort: Effort) -> dict[str, Spread]:
    """The ratio of the p99 of reads with 20 % writes to the p99 of reads alone; the worse of two.

    One server process gets both loads alternately; a turn is a pair.
    """
    reads = fixture.workloads.reads[:2]
    ratios: dict[str, list[float]] = defaultdict(list)
    for _ in range(effort.rounds):
        with fixture.running(WAYBILL, effort.workers) as started:
            warm_up, *portions = fixture.workloads.create.portions(effort.turns + 1)
            for turn, create in enumerate([warm_up, *portions]):
                p99: dict[tuple[tuple[int, ...], str], float] = {}
                for turns in (_ALONE, _MIXED):
                    workloads, seconds = [*reads, create], _SECONDS if turn else 1
                    loads = generate_mixed_load(
                        started.base_url, workloads, turns, seconds, effort.connections
                    )
                    if any(load.errors for load in loads.values()):
                        raise RuntimeError(f"errors under mixed load: {loads}")
                    p99 |= {(turns, read.name): loads[read.name].p99 for read in reads}
                if not turn:
                    fixture.postgres.analyze(WAYBILL.database)
                    continue
                for read in reads:
                    ratios[read.name].append(p99[_MIXED, read.name] / p99[_ALONE, read.name])
    spreads = (Spread.of(ratios) for ratios in ratios.values())
    return {targets.BESIDE_WRITES: max(spreads, key=lambda spread: spread.median)}


def second_worker(fixture: Fixture, effort: Effort) -> dict[str, Spread]:
    """The ratio of the throughput of two workers to that of one, by round."""
    ratios = []
    for _ in range(effort.rounds):
        rates = {}
        for workers in (1, 2):
            with fixture.running(WAYBILL, workers) as started:
                read = fixture.workloads.reads[0]
                generate_load(started.base_url, read, 1, effort.connections)
                fixture.postgres.analyze(WAYBILL.database)
                rates[workers] = generate_load(
                    started.base_url, read, _SECONDS, effort.connections
                ).rate
        ratios.append(rates[2] / rates[1])
    return {targets.WORKERS: Spread.of(ratios)}


def listing(fixture: Fixture) -> dict[str, Spread]:
    """CPU seconds of the command that lists requests, including its start."""
    url = fixture.postgres.url(WAYBILL.template)
    waybill.run(url, "requests", "list")  # compiles modules
    return {targets.LISTING: Spread.of([_cpu_of_listing(url) for _ in range(_TIMES)])}


def imports(fixture: Fixture, effort: Effort) -> dict[str, Spread]:
    """Orders a second of `waybill import orders` into a new PostgreSQL database."""
    file = fixture.folder / "imported.ndjson"
    count = import_orders.write_orders(file, _IMPORTED)
    ratios = []
    for _ in range(effort.rounds):
        fixture.postgres.create("imported")
        url = fixture.postgres.url("imported")
        waybill.run(url, "migrate")
        started = time.perf_counter()
        waybill.run(url, "import", "orders", str(file))
        ratios.append(count / (time.perf_counter() - started))
    return {targets.IMPORT: Spread.of(ratios)}


def second_start(fixture: Fixture) -> dict[str, Spread]:
    """Seconds of `script/serve` until it is ready, without the first start.

    The demo shop goes into a new SQLite file; packages go into the checkout's `.venv`.
    """
    url = f"sqlite:///{fixture.folder / 'demo.sqlite3'}"
    _, *later = (_start_seconds(url, fixture) for _ in range(_TIMES + 1))
    return {targets.START: Spread.of(later)}


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


def _start_seconds(url: str, fixture: Fixture) -> float:
    output = fixture.folder / "serve.log"
    with servers.running(_SERVE, url, servers.free_port(), 1, output) as started:
        return started.start_seconds
