"""Thousands of connections on which little or nothing is sent, beside clients who ask properly."""

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
_SECONDS = 12.0  # longer than the server lets a connection be silent, or a head take
_DESCRIPTORS = 300  # besides those of the connections
_OPENING_AT_ONCE = 200
# What they send: nothing, or the first byte of a head.
_KINDS = ("", "G")
_SHARES = ("0", "512")  # any number, and the default
_ROOT = Path(__file__).parents[1]


def check(environment: Environment, scale: Scale) -> Finding:
    """First all of one kind, then all of the other, each opened again when it is closed.

    They come from one address. First it may have any number of them, so that the bounds of the
    server alone keep it going; then it has its usual share.
    """
    customer = environment.customer()
    environment.shop.order(customer.user, items=make_lines(3, 2))
    good = request("GET", "/users/orders/", customer.headers)
    seconds = min(_SECONDS, scale.load_seconds)
    fast: list[TimedResponse] = []
    opened: list[int] = []
    for share in _SHARES:
        with environment.serve(WAYBILL_CONNECTIONS_PER_ADDRESS=share) as server:
            for first in _KINDS:
                with _silent(server, scale.silent_sockets, first) as told:
                    fast += asyncio.run(_ask_on(server, good, seconds))
                opened.append(told["opened"])
    milliseconds = [each.seconds * 1e3 for each in fast]
    p99 = percentile(milliseconds, 99)
    failures = [f"good: {each.response.status}" for each in fast if each.response.status != 200]
    if p99 > _GOOD_MILLISECONDS * scale.time_factor:
        failures.append(f"good requests took {p99:.0f} ms (p99)")
    figures = {
        "good requests": len(fast),
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


async def _ask_on(server: Server, good: bytes, seconds: float) -> list[TimedResponse]:
    async def one() -> list[TimedResponse]:
        timed = []
        while monotonic() < end:
            timed.append(await exchange(server.port, good))
            await asyncio.sleep(_PAUSE_SECONDS)
        return timed

    end = monotonic() + seconds
    return [
        each
        for some in await asyncio.gather(*(one() for _ in range(_GOOD_CLIENTS)))
        for each in some
    ]


@contextmanager
def _silent(server: Server, count: int, first: str) -> Iterator[dict[str, int]]:
    """So many connections, all open when the block begins, in a process of their own: what they
    cost this one is no matter of the server's. ``opened`` says how many there were in the end.
    """
    command = [sys.executable, "-m", "faults.silent_clients", str(server.port), str(count), first]
    told: dict[str, int] = {}
    process = subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    output: Any = process.stdout
    with process:
        output.readline()
        yield told
        said, _ = process.communicate("\n")
        told |= json.loads(said)


class _Silent:
    """Connections from another address than the good ones; ``opened`` counts them all."""

    def __init__(self, port: int, first: bytes) -> None:
        self.opened = 0
        self._port = port
        self._first = first
        self._gate = asyncio.Semaphore(_OPENING_AT_ONCE)

    async def go_on(self, is_open: asyncio.Event) -> None:
        """Open one again whenever it is closed."""
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
    tasks = [asyncio.create_task(silent.go_on(each)) for each in events]
    for each in events:
        await each.wait()
    print("all are open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"opened": silent.opened}))
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()))
