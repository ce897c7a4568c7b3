"""A long run of the shop mix on one worker: its memory has to stay what it is after the start."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, cycle, islice

from benchmarks import bars, usage
from benchmarks.load import put_load
from benchmarks.results import Spread
from benchmarks.servers import WAYBILL
from benchmarks.stage import Stage
from benchmarks.workloads import COLD_DETAIL, CREATE, Asked, Mix, Workload

REQUESTS = 200_000
_BATCHES = 20  # the worker has its memory after a tenth of the requests
_COLD, _CREATED = 5, 20  # one request in so many
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Reached:
    """After so many requests: the worker's memory in bytes, and the requests a second so far."""

    requests: int
    memory: int
    rate: float


def supply(requests: int) -> int:
    """How many items that many requests cancel; a tenth of a shop's are for sellers to reject."""
    return -(-requests * 10 // (_CREATED * 9))


def long_run(stage: Stage, requests: int, connections: int, seconds: float) -> list[Reached]:
    """Send the requests, in as many seconds at most, and look at the worker in between.

    Each batch begins with orders that are as after a change, so that the cold ones never run out.
    Raises RuntimeError for an answer that is an error.
    """
    reached: list[Reached] = []
    done, began = 0, time.monotonic()
    with stage.running(WAYBILL) as started:
        for mix in _batches(stage.asked, requests):
            left = seconds - (time.monotonic() - began)
            if left <= 0:
                break
            stage.make_cold(WAYBILL.database)
            load = put_load(started.base_url, mix, left, connections)
            if load.errors:
                raise RuntimeError(f"{load.errors} errors after {done} requests")
            done += load.requests
            memory = usage.memory(started.process.pid)
            reached.append(Reached(done, memory, done / (time.monotonic() - began)))
            if len(reached) == 1:
                stage.postgres.analyze(WAYBILL.database)
    return reached


def growth_of_memory(reached: Sequence[Reached]) -> dict[str, Spread]:
    """By how many megabytes the worker grew after the first tenth of the requests."""
    start = next(each for each in reached if each.requests * 10 >= reached[-1].requests)
    return {bars.GROWTH: Spread.of([(reached[-1].memory - start.memory) / _MEGABYTE])}


def markdown(reached: Sequence[Reached]) -> str:
    """The table."""
    lines = ["| requests | memory of the worker, MB | requests/s so far |", "|---|---|---|"]
    lines += [
        f"| {each.requests} | {each.memory / _MEGABYTE:.1f} | {each.rate:.0f} |" for each in reached
    ]
    return "\n".join(lines) + "\n"


def _batches(asked: Asked, requests: int) -> Iterator[Mix]:
    """Mixes that end with what is sent once."""
    size = requests // _BATCHES
    cold = cycle(asked.cold_detail.requests)
    kept = {each.name: each for each in asked.mix.workloads}
    creates = iter(chain(asked.create.requests, kept[CREATE].requests))
    for _ in range(_BATCHES):
        once = {
            COLD_DETAIL: list(islice(cold, size // _COLD)),
            CREATE: list(islice(creates, size // _CREATED)),
        }
        parts = [
            Workload(each.name, once[each.name], is_once=True) if each.name in once else each
            for each in asked.mix.workloads
        ]
        yield replace(asked.mix, workloads=parts)
