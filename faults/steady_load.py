"""A minute at 60 % of the server's capacity: every request succeeds, in time."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import sample
from statistics import fmean
from time import monotonic

from faults.environment import Environment
from faults.findings import Finding
from faults.raw_client import KEEP_ALIVE, Connection, percentile, request
from faults.scale import Scale
from faults.writers import Work, make_work
from tests.support.builders import make_lines

REQUIREMENT = "every status 200, p99 ≤ 150 ms, measured from when each request was due"
_SHARE = 0.6
_P99_MILLISECONDS = 150.0
_CHANNELS = 32
_SATURATING = 12
_READERS = 20
_LINES_OF_ORDER = 8
_READS_OF_WRITE = 19
_MOST_OF_SECOND = 2000  # requests a second; no server reaches more on two cores
_WARM_SECONDS = 6.0  # enough for every thread of every worker to read and write
_CAPACITY_SECONDS = 0.5
# Short, since a shared machine may be half as fast a few seconds later.
_WINDOW_SECONDS = 3.0


@dataclass
class Load:
    """The results of requests: counts by status, and the milliseconds of each request."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return len(self.milliseconds)


class Clients:
    """Persistent connections and the requests to send on them."""

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self._port = port
        self._requests = requests
        self._free: asyncio.Queue[Connection] = asyncio.Queue()

    async def open(self) -> None:
        """Open all connections."""
        for _ in range(_CHANNELS):
            self._free.put_nowait(await Connection.open(self._port))

    def close(self) -> None:
        """Close all connections."""
        while not self._free.empty():
            self._free.get_nowait().close()

    async def saturate(self, seconds: float) -> float:
        """Return the requests a second when each client sends the next after each response."""
        load, until = Load(), monotonic() + seconds

        async def repeat() -> None:
            while monotonic() < until:
                await self._send(load, monotonic())

        await asyncio.gather(*(repeat() for _ in range(_SATURATING)))
        return load.requests / seconds

    async def send_at_rate(self, load: Load, rate: float, seconds: float) -> None:
        """Send ``rate`` requests a second, whether earlier ones are complete or not."""
        began = monotonic()
        tasks = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - monotonic()))
            tasks.append(asyncio.create_task(self._send(load, due)))
        await asyncio.gather(*tasks)

    async def _send(self, load: Load, due: float) -> None:
        connection = await self._free.get()
        try:
            connection.send(next(self._requests))
            status = (await connection.read_response()).status
        except (EOFError, ConnectionError):
            status = 0
        if status != 200:  # the server may have closed it
            connection.close()
            connection = await Connection.open(self._port)
        self._free.put_nowait(connection)
        load.statuses[status] += 1
        load.milliseconds.append((monotonic() - due) * 1e3)


def check(environment: Environment, scale: Scale) -> Finding:
    """Send nineteen reads of several shoppers for each write."""
    windows = max(1, round(scale.load_seconds / _WINDOW_SECONDS))
    saturated = _WARM_SECONDS + windows * _CAPACITY_SECONDS + _SHARE * scale.load_seconds
    requests = _requests(environment, int(_MOST_OF_SECOND * saturated / (_READS_OF_WRITE + 1)))
    with environment.serve() as server:
        clients = Clients(server.port, requests)
        capacities, load = asyncio.run(_load(clients, windows, scale.load_seconds))
    p99 = percentile(load.milliseconds, 99)
    failures = [f"{times} × {status}" for status, times in load.statuses.items() if status != 200]
    if p99 > _P99_MILLISECONDS * scale.time_factor:
        failures.append(f"p99 was {p99:.0f} ms")
    figures = {
        "capacity per s": fmean(capacities),
        "sent per s": load.requests / scale.load_seconds,
        "p50 ms": percentile(load.milliseconds, 50),
        "p99 ms": p99,
    }
    return Finding(
        title="load at 60 % of capacity",
        database=environment.kind,
        count=load.requests,
        required=scale.load_requests,
        requirement=REQUIREMENT,
        figures=figures,
        failures=tuple(failures),
    )


async def _load(clients: Clients, windows: int, seconds: float) -> tuple[list[float], Load]:
    """Apply the load in windows; measure the capacity before each."""
    capacities, load = [], Load()
    await clients.open()
    await clients.saturate(_WARM_SECONDS)
    for _ in range(windows):
        capacities.append(await clients.saturate(_CAPACITY_SECONDS))
        await clients.send_at_rate(load, capacities[-1] * _SHARE, seconds / windows)
    clients.close()
    return capacities, load


def _requests(environment: Environment, lines: int) -> Iterator[bytes]:
    work = make_work(environment, lines, _LINES_OF_ORDER)
    reads = []
    for _ in range(_READERS):
        reader = environment.customer()
        order = environment.shop.order(reader.user, items=make_lines(3, 2))
        headers = reader.headers | KEEP_ALIVE
        reads.append(request("GET", "/users/orders/?limit=12", headers))
        reads.append(request("GET", f"/users/orders/{order.pk}/", headers))
    # Shuffled, so that writers do not wait for the lock of one order.
    items = iter(sample(work.lines, len(work.lines)))
    return _mixed(reads, _cancellations(work, items))


def _cancellations(work: Work, items: Iterator[int]) -> Iterator[bytes]:
    headers = work.customer.headers | KEEP_ALIVE
    for item_pk in items:
        row = {"order_item": item_pk, "reason": work.reason, "cancellation_type": "cancel"}
        yield request("POST", "/users/orders/cancellation_requests/", headers, row)


def _mixed(reads: Sequence[bytes], writes: Iterator[bytes]) -> Iterator[bytes]:
    for number in count():
        position = number % (_READS_OF_WRITE + 1)
        yield reads[number * 7 % len(reads)] if position else next(writes)
