"""Figures of Waybill alone: first reads, reads beside writes, a second worker."""

import http.client
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence

import psycopg

from benchmarks import bars
from benchmarks.load import put_load, put_mixed_load
from benchmarks.rounds import Effort, Run
from benchmarks.servers import WAYBILL
from benchmarks.stage import Stage
from benchmarks.workloads import Workload

_FIRST_READS = 100
_MIXED_ROUNDS = 3
_SECONDS = 5
# One write in five requests; the reads are the list page and the detail.
_ALONE, _MIXED = (0, 1, 0, 1, 0), (0, 1, 0, 1, 2)
_MEGABYTE = 1e6


def process_figures(run: Run) -> dict[str, float]:
    """What the rounds told of Waybill's process; a second start and all later ones count."""
    starts = run.starts[WAYBILL.name]
    return {
        bars.START: statistics.median(starts[1:] or starts),
        bars.MEMORY: run.memory[WAYBILL.name] / _MEGABYTE,
    }


def first_read(stage: Stage) -> dict[str, float]:
    """How long the first answer with a changed order takes: rendered, judged and kept."""
    reader, _, _ = stage.shop.users[0]
    pks = [order["pk"] for order in stage.shop.orders if order["user"] == reader]
    milliseconds = []
    with (
        stage.running(WAYBILL) as started,
        psycopg.connect(stage.postgres.url(WAYBILL.database), autocommit=True) as database,
    ):
        host = started.base_url.removeprefix("http://")
        client = http.client.HTTPConnection(host)
        for place in range(_FIRST_READS):
            pk = pks[place % len(pks)]
            database.execute("UPDATE orders SET version = version + 1 WHERE pk = %s", [pk])
            milliseconds.append(_timed(client, f"/users/orders/{pk}/", stage.reads[0]))
    # The first ones compile statements, which a worker does once.
    return {bars.FIRST_READ: statistics.median(milliseconds[len(pks) :])}


def reads_beside_writes(stage: Stage, effort: Effort) -> dict[str, float]:
    """The p99 of reads with a write in every five requests, to that of reads alone; the worse."""
    p99: dict[tuple[Sequence[int], str], list[float]] = defaultdict(list)
    workloads = [*stage.reads[:2], stage.create]
    for _ in range(_MIXED_ROUNDS):
        for turns in (_ALONE, _MIXED):
            with stage.running(WAYBILL, effort.workers) as started:
                put_mixed_load(started.base_url, workloads, _ALONE, 1, effort.connections)
                loads = put_mixed_load(
                    started.base_url, workloads, turns, _SECONDS, effort.connections
                )
            if any(load.errors for load in loads.values()):
                raise RuntimeError(f"errors under mixed load: {loads}")
            for read in stage.reads[:2]:
                p99[turns, read.name].append(loads[read.name].p99)
    middle = {key: statistics.median(found) for key, found in p99.items()}
    names = [read.name for read in stage.reads[:2]]
    return {bars.BESIDE_WRITES: max(middle[_MIXED, name] / middle[_ALONE, name] for name in names)}


def second_worker(stage: Stage, effort: Effort) -> dict[str, float]:
    """Throughput of the list page from one worker to two."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(effort.rounds):
        for workers, found in rates.items():
            with stage.running(WAYBILL, workers) as started:
                for seconds in (1, _SECONDS):
                    load = put_load(
                        started.base_url,
                        stage.reads[0],
                        seconds,
                        effort.connections,
                        stage.folder,
                    )
            found.append(load.rate)
    return {bars.WORKERS: statistics.median(rates[2]) / statistics.median(rates[1])}


def _timed(client: http.client.HTTPConnection, path: str, like: Workload) -> float:
    started = time.perf_counter()
    client.request("GET", path, headers=dict(like.headers))
    answer = client.getresponse()
    answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer.status}")
    return (time.perf_counter() - started) * 1e3
