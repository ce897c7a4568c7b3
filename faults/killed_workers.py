"""Workers of the server are killed while clients write: what was acknowledged stays, once."""

import os
import signal
from collections.abc import Iterator
from time import monotonic, sleep

from faults.amounts import Amounts
from faults.asking import ask_now, request
from faults.findings import Finding
from faults.ground import Ground
from faults.writers import Writers, make_work
from tests.processes import children_of
from tests.server import Server

BAR = "acknowledged ⊆ stored, none twice; ready within 3 s"
_READY_SECONDS = 3
_WORKERS = 3
_WRITERS = 8
_LINES_OF_KILL = 120
# granian gives up a worker that dies again within 5.5 seconds; the eldest is always the next.
_PAUSE_SECONDS = 2
_FRESH_CLIENTS = 8
_PROBE = request("GET", "/readyz", {})


def check(ground: Ground, amounts: Amounts) -> Finding:
    """One of three workers at a time, each at work on requests."""
    patience = _READY_SECONDS * amounts.patience
    work = make_work(ground, _LINES_OF_KILL * amounts.worker_kills)
    with ground.serve(workers=_WORKERS) as server:
        writers = Writers(ground, server, work, is_cut=True)
        with writers.at_work(_WRITERS):
            writers.wait_for_write(patience)
            ready = list(_killed(server, amounts.worker_kills, patience))
    failures = [*writers.told.failures, *writers.lost_and_twofold()]
    failures += [f"ready after {each:.1f} s" for each in ready if each > patience]
    if not writers.told.cuts:
        failures.append("no client has noticed anything")
    return Finding(
        test="kill -9 of workers",
        database=ground.kind,
        amount=len(ready),
        wanted=amounts.worker_kills,
        bar=BAR,
        figures={
            "acknowledged": len(writers.told.acknowledged),
            "connections lost": writers.told.cuts,
            "slowest to be ready s": max(ready),
        },
        failures=tuple(failures),
    )


def _killed(server: Server, times: int, patience: float) -> Iterator[float]:
    """Yield after how many seconds all were there again, and fresh clients were served."""
    for _ in range(times):
        began = monotonic()
        os.kill(children_of(server.process.pid)[0], signal.SIGKILL)
        while not _is_ready(server):
            if monotonic() - began > 2 * patience:
                break
            sleep(0.02)
        yield monotonic() - began
        sleep(max(0.0, _PAUSE_SECONDS - (monotonic() - began)))


def _is_ready(server: Server) -> bool:
    return len(children_of(server.process.pid)) == _WORKERS and all(
        ask_now(server.port, _PROBE).answer.status == 200 for _ in range(_FRESH_CLIENTS)
    )
