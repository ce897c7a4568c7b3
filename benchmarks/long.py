"""A long run of the shop mix on one worker, whose memory must not grow after the start."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, cycle, islice

from benchmarks import targets, usage
from benchmarks.fixture import Fixture
from benchmarks.load import generate_load
from benchmarks.results import Spread
from benchmarks.servers import WAYBILL
from benchmarks.workloads import COLD_DETAIL, CREATE, Mix, Workload, Workloads

REQUESTS = 200_000
_BATCHES = 20  # the first two are warm-up
_COLD, _CREATED = 5, 20  # every fifth and twentieth request
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Sample:
    """The worker's memory in bytes after ``requests`` requests, and their rate so far."""

    requests: int
    memory: int
    rate: float


def supply(requests: int) -> int:
    """The items that the requests cancel, plus the tenth of a shop's that sellers reject."""
    return -(-requests * 10 // (_CREATED * 9))


def long_run(fixture: Fixture, requests: int, connections: int, seconds: float) -> list[Sample]:
    """Send the requests, for at most ``seconds``, and sample the worker's memory in between.

    Each batch starts with changed orders, so that cold ones never run out. Raises RuntimeError
    for an error response.
    """
    samples: list[Sample] = []
    done, began = 0, time.monotonic()
    with fixture.running(WAYBILL) as started:
        for mix in _batches(fixture.workloads, requests):
            left = seconds - (time.monotonic() - began)
            if left <= 0:
                break
            fixture.make_cold(WAYBILL.database)
            load = generate_load(started.base_url, mix, left, connections)
            if load.errors:
                raise RuntimeError(f"{load.errors} errors after {done} requests")
            done += load.requests
            memory = usage.memory(started.process.pid)
            samples.append(Sample(done, memory, done / (time.monotonic() - began)))
            if len(samples) == 1:
                fixture.postgres.analyze(WAYBILL.database)
    return samples


def memory_growth(samples: Sequence[Sample]) -> dict[str, Spread]:
    """The growth of the worker's memory after the first tenth of the requests, in MB."""
    start = next(sample for sample in samples if sample.requests * 10 >= samples[-1].requests)
    return {targets.GROWTH: Spread.of([(samples[-1].memory - start.memory) / _MEGABYTE])}


def markdown(samples: Sequence[Sample]) -> str:
    """A table of the samples."""
    lines = ["| requests | memory of the worker, MB | requests/s so far |", "|---|---|---|"]
    lines += [
        f"| {sample.requests} | {sample.memory / _MEGABYTE:.1f} | {sample.rate:.0f} |"
        for sample in samples
    ]
    return "\n".join(lines) + "\n"


def _batches(workloads: Workloads, requests: int) -> Iterator[Mix]:
    """Mixes whose requests to be sent once are those of one batch."""
    size = requests // _BATCHES
    cold = cycle(workloads.cold_detail.requests)
    by_name = {workload.name: workload for workload in workloads.mix.workloads}
    creates = iter(chain(workloads.create.requests, by_name[CREATE].requests))
    for _ in range(_BATCHES):
        once = {
            COLD_DETAIL: list(islice(cold, size // _COLD)),
            CREATE: list(islice(creates, size // _CREATED)),
        }
        parts = [
            Workload(workload.name, once[workload.name], is_once=True)
            if workload.name in once
            else workload
            for workload in workloads.mix.workloads
        ]
        yield replace(workloads.mix, workloads=parts)
