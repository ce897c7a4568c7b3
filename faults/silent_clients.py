"""Thousands of connections that send little or nothing, beside clients with proper requests."""

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from faults.environment import Environment
from faults.findings import Finding
from faults.raw_client import TimedResponse, exchange, percentile, request
from faults.scale import Scale
from tests.support.builders import make_lines
from tests.support.server import Server

REQUIREMENT = "p99 of good requests ≤ 250 ms, and none fails"
_GOOD_MILLISECONDS = 250.0
_GOOD_CLIENTS = 4
_PAUSE_SECONDS = 0.1
_SECONDS = 12.0  # longer than the server's timeouts for silent connections and for heads
_DESCRIPTORS = 300  # in addition to those of the connections
_OPENING_AT_ONCE = 200
# The bytes that they send: none, or the first of a head.
_KINDS = ("", "G")
_SHARES = ("0", "512")  # no limit, and the default
_ROOT = Path(__file__).parents[1]


def check(environment: Environment, scale: Scale) -> Finding:
    """Open all connections of each kind in turn, and reopen each that the server closes.

    They come from one address. In the first run the address has no limit, so that only the other
    limits of the server protect it; in the second it has the default limit.
    """
    customer = environment.customer()
    environment.shop.order(customer.user, items=make_lines(3, 2))
    good = request("GET", "/users/orders/", customer.headers)
    seconds = min(_SECONDS, scale.load_seconds)
    timed: list[TimedResponse] = []
    opened: list[int] = []
    for share in _SHARES:
        with environment.serve(WAYBILL_CONNECTIONS_PER_ADDRESS=share) as server:
            for first in _KINDS:
                with _silent(server, scale.silent_sockets, first) as counts:
                    timed += asyncio.run(_send_repeatedly(server, good, seconds))
                opened.append(counts["opened"])
    milliseconds = [response.seconds * 1e3 for response in timed]
    p99 = percentile(milliseconds, 99)
    statuses = [timed_response.response.status for timed_response in timed]
    failures = [f"good: {status}" for status in statuses if status != 200]
    if p99 > _GOOD_MILLISECONDS * scale.time_factor:
        failures.append(f"good requests took {p99:.0f} ms (p99)")
    figures = {
        "good requests": len(timed),
        "p99 ms": p99,
        "slowest ms": max(milliseconds),
        "opened": sum(opened),
    }
    return Finding(
        "silent clients",
        environment.kind,
        min(opened),
        scale.silent_sockets,
        REQUIREMENT,
        figures,
        tuple(failures),
    )


async def _send_repeatedly(server: Server, good: bytes, seconds: float) -> list[TimedResponse]:
    async def run_client() -> list[TimedResponse]:
        timed = []
        while monotonic() < end:
            timed.append(await exchange(server.port, good))
            await asyncio.sleep(_PAUSE_SECONDS)
        return timed

    end = monotonic() + seconds
    clients = await asyncio.gather(*(run_client() for _ in range(_GOOD_CLIENTS)))
    return [timed for client in clients for timed in client]


@contextmanager
def _silent(server: Server, count: int, first: str) -> Iterator[dict[str, int]]:
    """Open ``count`` connections before the block begins.

    A process of their own holds them, so that they do not slow down the good clients. After the
    block, ``opened`` of the yielded dict is the number of connections opened in all.
    """
    command = [sys.executable, "-m", "faults.silent_clients", str(server.port), str(count), first]
    counts: dict[str, int] = {}
    process = subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    output: Any = process.stdout
    with process:
        output.readline()
        yield counts
        report, _ = process.communicate("\n")
        counts |= json.loads(report)


class _Silent:
    """Connections from another address than the good clients'; ``opened`` counts all of them."""

    def __init__(self, port: int, first: bytes) -> None:
        self.opened = 0
        self._port = port
        self._first = first
        self._gate = asyncio.Semaphore(_OPENING_AT_ONCE)

    async def keep_open(self, is_open: asyncio.Event) -> None:
        """Hold a connection open; reopen it whenever it is closed."""
        while True:
            with suppress(OSError):
                async with self._gate:
                    reader, writer = await asyncio.open_connection(
                        "127.0.0.1", self._port, local_addr=("127.0.0.2", 0)
                    )
                self.opened += 1
                is_open.set()
                writer.write(self._first)
                try:
                    await reader.read(-1)
                finally:
                    writer.transport.abort()
            await asyncio.sleep(_PAUSE_SECONDS)


async def _main(port: int, count: int, first: bytes) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + _DESCRIPTORS, hard))
    silent, events = _Silent(port, first), [asyncio.Event() for _ in range(count)]
    tasks = [asyncio.create_task(silent.keep_open(event)) for event in events]
    for event in events:
        await event.wait()
    print("all are open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"opened": silent.opened}))
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()))
