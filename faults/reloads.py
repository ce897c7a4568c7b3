"""SIGHUP under load: all workers are replaced, and no request fails."""

import asyncio
import signal
from time import monotonic, sleep

from faults.constant_load import ConstantLoad, Requests, lost_or_unacknowledged
from faults.environment import Environment
from faults.findings import Finding
from faults.scale import Scale
from tests.support.processes import children_of
from tests.support.server import Server

REQUIREMENT = "0 failed requests; each acknowledged write is stored once"
_WORKERS = 2
_DRAIN_SECONDS = 5
_LINES_OF_RELOAD = 4000
_LONGEST_SECONDS = 90.0  # of one reload
_PAUSE_SECONDS = 1.0


class _Reloads:
    """Reloads a server repeatedly; ``seconds`` are how long each took."""

    def __init__(self, server: Server, timeout: float) -> None:
        self.seconds: list[float] = []
        self.failures: list[str] = []
        self._server = server
        self._timeout = timeout

    def run(self, times: int) -> None:
        """Reload it ``times`` times, one reload after the other."""
        for _ in range(times):
            sleep(_PAUSE_SECONDS)
            before = set(children_of(self._server.process.pid))
            began = monotonic()
            self._server.process.send_signal(signal.SIGHUP)
            while not self._has_others(before) and monotonic() - began < self._timeout:
                sleep(0.05)
            self.seconds.append(monotonic() - began)
            if self.seconds[-1] >= self._timeout:
                self.failures.append("the workers were not replaced in time")
        sleep(_PAUSE_SECONDS)

    def _has_others(self, before: set[int]) -> bool:
        children = set(children_of(self._server.process.pid))
        return not children & before and len(children) == _WORKERS


def check(environment: Environment, scale: Scale) -> Finding:
    """Reload a loaded server repeatedly."""
    requests = Requests(environment, _LINES_OF_RELOAD * scale.reloads)
    drain = {"WAYBILL_DRAIN_SECONDS": str(_DRAIN_SECONDS)}
    with environment.serve(workers=_WORKERS, **drain) as server:
        load = ConstantLoad(server.port, requests)
        reloads = _Reloads(server, _LONGEST_SECONDS * scale.time_factor)
        capacity = asyncio.run(_load(load, reloads, scale))
    failures = [f"{n} × {what}" for what, n in load.log.failures.items()] + reloads.failures
    failures += lost_or_unacknowledged(environment, load.log.acknowledged)
    return Finding(
        title="SIGHUP under load",
        database=environment.kind,
        count=len(reloads.seconds),
        required=scale.reloads,
        requirement=REQUIREMENT,
        figures={
            "requests": load.log.statuses.total(),
            "writes": len(load.log.acknowledged),
            "capacity per s": capacity,
            "slowest reload s": max(reloads.seconds, default=0.0),
            "slowest request ms": load.log.slowest * 1e3,
        },
        failures=tuple(failures),
    )


async def _load(load: ConstantLoad, reloads: _Reloads, scale: Scale) -> float:
    """Send requests during all reloads; return the capacity."""
    capacity = await load.capacity()
    reloading = asyncio.create_task(asyncio.to_thread(reloads.run, scale.reloads))
    await load.run(capacity * scale.load_share, lambda: not reloading.done())
    await reloading
    return capacity
