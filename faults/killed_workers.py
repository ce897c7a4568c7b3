"""Workers are killed while clients write: acknowledged writes are stored once."""

import os
import signal
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from time import monotonic, sleep

from faults.environment import Environment
from faults.findings import Finding
from faults.raw_client import exchange_sync, request
from faults.scale import Scale
from faults.writers import Writers, make_work
from tests.support.processes import children_of
from tests.support.server import Server

REQUIREMENT = "acknowledged ⊆ stored, none twice; ready within 3 s"
_READY_SECONDS = 3
_WORKERS = 3
_WRITERS = 8
_LINES_OF_KILL = 1000
# Short, so that some requests are in flight when a worker dies.
_PAUSE_OF_WRITERS = 0.02
_PAUSE_SECONDS = 2  # the next kill hits the oldest worker
_BURST = 5
_GAPS = (0.1, 1.5, 0.4, 5.0, 0.7, 3.0)  # seconds between two kills of a burst
_FRESH_CLIENTS = 8
_PROBE = request("GET", "/readyz", {})

Kills = Callable[[Server, int, float], Iterator[float]]
"""Kills this many workers; yields the seconds until the server was ready after each."""


def check(environment: Environment, scale: Scale) -> Finding:
    """Kill one of three workers at a time."""
    return _check("kill -9 of workers", _WORKERS, _kill_workers, environment, scale)


def check_bursts(environment: Environment, scale: Scale) -> Finding:
    """Kill the only worker repeatedly, 0.1 to 5 seconds apart."""
    return _check("kill -9 of the only worker, in bursts", 1, _kill_in_bursts, environment, scale)


def _check(
    title: str, workers: int, kill: Kills, environment: Environment, scale: Scale
) -> Finding:
    timeout = _READY_SECONDS * scale.time_factor
    work = make_work(environment, _LINES_OF_KILL * scale.worker_kills)
    with environment.serve(workers=workers) as server:
        writers = Writers(
            environment, server, work, expects_disconnects=True, pause=_PAUSE_OF_WRITERS
        )
        with writers.running(_WRITERS):
            writers.wait_for_write(timeout)
            ready = list(kill(server, scale.worker_kills, timeout))
    failures = [*writers.log.failures, *writers.lost_or_duplicated()]
    failures += [f"ready after {seconds:.1f} s" for seconds in ready if seconds > timeout]
    if not writers.log.disconnects:
        failures.append("no client was affected")
    return Finding(
        title=title,
        database=environment.kind,
        count=scale.worker_kills if ready else 0,
        required=scale.worker_kills,
        requirement=REQUIREMENT,
        figures={
            "acknowledged": len(writers.log.acknowledged),
            "connections lost": writers.log.disconnects,
            "slowest to be ready s": max(ready),
        },
        failures=tuple(failures),
    )


def _kill_in_bursts(server: Server, times: int, timeout: float) -> Iterator[float]:
    """Yield the seconds until new clients were served after each burst."""
    for start in range(0, times, _BURST):
        for gap in islice(cycle(_GAPS), start, min(start + _BURST, times) - 1):
            _kill_next(server, timeout)
            sleep(gap)
        _kill_next(server, timeout)
        yield _seconds_to_ready(server, 1, timeout)


def _kill_next(server: Server, timeout: float) -> None:
    """Kill the only worker once it exists. Raises IndexError where none starts in time."""
    began = monotonic()
    while not (workers := children_of(server.process.pid)) and monotonic() - began < timeout:
        sleep(0.005)
    os.kill(workers[0], signal.SIGKILL)


def _kill_workers(server: Server, times: int, timeout: float) -> Iterator[float]:
    """Yield the seconds until all workers ran again and new clients were served."""
    for _ in range(times):
        began = monotonic()
        os.kill(children_of(server.process.pid)[0], signal.SIGKILL)
        yield _seconds_to_ready(server, _WORKERS, timeout)
        sleep(max(0.0, _PAUSE_SECONDS - (monotonic() - began)))


def _seconds_to_ready(server: Server, workers: int, timeout: float) -> float:
    """Wait until all workers run and serve, at most twice the timeout; return the seconds."""
    began = monotonic()
    while not _is_ready(server, workers) and monotonic() - began < 2 * timeout:
        sleep(0.02)
    return monotonic() - began


def _is_ready(server: Server, workers: int) -> bool:
    return len(children_of(server.process.pid)) == workers and all(
        exchange_sync(server.port, _PROBE).response.status == 200 for _ in range(_FRESH_CLIENTS)
    )
