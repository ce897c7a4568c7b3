"""Clients that never complete a request, beside others, which must not wait for them."""

import asyncio
from contextlib import suppress
from itertools import cycle, islice
from time import monotonic

from faults.environment import Environment
from faults.findings import Finding
from faults.incomplete_requests import NO_BYTES, PARTIAL_BODY, PARTIAL_HEAD
from faults.raw_client import TimedResponse, exchange, percentile, request
from faults.scale import Scale
from tests.support.builders import make_lines
from tests.support.server import Server

REQUIREMENT = "p99 of good requests ≤ 250 ms; every slow client disconnected within 15 s"
_CLOSED_SECONDS = 15.0
_GOOD_MILLISECONDS = 250.0
_GOOD_CLIENTS = 4
_PAUSE_SECONDS = 0.1
_DRIP_SECONDS = 0.5
_AT_ONCE = 200 / 270
# The bytes sent first, and the bytes sent repeatedly afterwards.
_KINDS = (
    (NO_BYTES, b""),
    (PARTIAL_HEAD, b""),
    (PARTIAL_HEAD, b"x"),
    (PARTIAL_BODY, b""),
    (PARTIAL_BODY, b" "),
)


def check(environment: Environment, scale: Scale) -> Finding:
    """Connect some slow clients one after the other, and then most of them at once."""
    customer = environment.customer()
    environment.shop.order(customer.user, items=make_lines(3, 2))
    good = request("GET", "/users/orders/", customer.headers)
    with environment.serve() as server:
        slow, timed = asyncio.run(_run_clients(server, good, scale.slow_sockets))
    milliseconds = [response.seconds * 1e3 for response in timed]
    p99 = percentile(milliseconds, 99)
    time_factor = scale.time_factor
    failures = [
        f"closed after {seconds:.1f} s"
        for seconds in slow
        if seconds > _CLOSED_SECONDS * time_factor
    ]
    statuses = [timed_response.response.status for timed_response in timed]
    failures += [f"good: {status}" for status in statuses if status != 200]
    if p99 > _GOOD_MILLISECONDS * time_factor:
        failures.append(f"good requests took {p99:.0f} ms (p99)")
    figures = {"good requests": len(timed), "p99 ms": p99, "slowest closed s": max(slow)}
    return Finding(
        "slow clients",
        environment.kind,
        len(slow),
        scale.slow_sockets,
        REQUIREMENT,
        figures,
        tuple(failures),
    )


async def _run_clients(
    server: Server, good: bytes, count: int
) -> tuple[list[float], list[TimedResponse]]:
    for _ in range(4 * _GOOD_CLIENTS):  # so that both workers are warm
        await exchange(server.port, good)
    slow = asyncio.create_task(_all_slow(server.port, count))
    clients = [
        asyncio.create_task(_send_until_done(server.port, good, slow)) for _ in range(_GOOD_CLIENTS)
    ]
    return await slow, [timed for client in clients for timed in await client]


async def _all_slow(port: int, count: int) -> list[float]:
    kinds = islice(cycle(_KINDS), count)
    tasks = []
    for number, (first, drip) in enumerate(kinds):
        tasks.append(asyncio.create_task(_be_slow(port, first, drip)))
        if number < count * (1 - _AT_ONCE):
            await asyncio.sleep(0.02)
    return await asyncio.gather(*tasks)


async def _be_slow(port: int, first: bytes, drip: bytes) -> float:
    """Return after how many seconds the server closes the connection."""
    began = monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(2 * _CLOSED_SECONDS):
            dripping = asyncio.create_task(_drip(writer, drip))
            try:
                await reader.read(-1)
            finally:
                dripping.cancel()
    writer.transport.abort()
    return monotonic() - began


async def _drip(writer: asyncio.StreamWriter, drip: bytes) -> None:
    while drip:
        await asyncio.sleep(_DRIP_SECONDS)
        writer.write(drip)


async def _send_until_done(
    port: int, good: bytes, slow: asyncio.Task[list[float]]
) -> list[TimedResponse]:
    timed = []
    while not slow.done():
        timed.append(await exchange(port, good))
        await asyncio.sleep(_PAUSE_SECONDS)
    return timed
