"""A minute at 60 % of what the server can do: every request is answered, and soon."""

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

REQUIREMENT = "0 × 5xx, nothing but 200, p99 ≤ 150 ms, from when each request was due"
_SHARE = 0.6
_P99_MILLISECONDS = 150.0
_CHANNELS = 32
_SATURATING = 12
_READERS = 20
_LINES_OF_ORDER = 8
_READS_OF_WRITE = 19
_MOST_OF_SECOND = 2000  # requests; no server here does more on two cores
_WARM_SECONDS = 6.0  # until each thread of each worker has read and written before
_CAPACITY_SECONDS = 0.5
# A machine that others use, too, may be half as fast a few seconds later, and 60 % too much.
_BOUT_SECONDS = 3.0


@dataclass
class Load:
    """What came of the requests: how often which status, and the milliseconds of each."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return len(self.milliseconds)


class Clients:
    """Some connections that stay open, and what is sent on them."""

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self._port = port
        self._requests = requests
        self._free: asyncio.Queue[Connection] = asyncio.Queue()

    async def open(self) -> None:
        """Connect them all."""
        for _ in range(_CHANNELS):
            self._free.put_nowait(await Connection.open(self._port))

    def close(self) -> None:
        """Close what is open."""
        while not self._free.empty():
            self._free.get_nowait().close()

    async def saturate(self, seconds: float) -> float:
        """How many a second there can be, where each client asks again when it has its answer."""
        load, until = Load(), monotonic() + seconds

        async def go_on() -> None:
            while monotonic() < until:
                await self._exchange(load, monotonic())

        await asyncio.gather(*(go_on() for _ in range(_SATURATING)))
        return load.requests / seconds

    async def keep_up(self, load: Load, rate: float, seconds: float) -> None:
        """So many a second, whether those before are answered or not."""
        began = monotonic()
        tasks = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - monotonic()))
            tasks.append(asyncio.create_task(self._exchange(load, due)))
        await asyncio.gather(*tasks)

    async def _exchange(self, load: Load, due: float) -> None:
        connection = await self._free.get()
        try:
            connection.send(next(self._requests))
            status = (await connection.read_response()).status
        except (EOFError, ConnectionError):
            status = 0
        if status != 200:  # it may have been closed
            connection.close()
            connection = await Connection.open(self._port)
        self._free.put_nowait(connection)
        load.statuses[status] += 1
        load.milliseconds.append((monotonic() - due) * 1e3)


def check(environment: Environment, scale: Scale) -> Finding:
    """Nineteen reads of many shoppers, then a write, and so on."""
    bouts = max(1, round(scale.load_seconds / _BOUT_SECONDS))
    saturated = _WARM_SECONDS + bouts * _CAPACITY_SECONDS + _SHARE * scale.load_seconds
    requests = _requests(environment, int(_MOST_OF_SECOND * saturated / (_READS_OF_WRITE + 1)))
    with environment.serve() as server:
        clients = Clients(server.port, requests)
        capacities, load = asyncio.run(_load(clients, bouts, scale.load_seconds))
    p99 = percentile(load.milliseconds, 99)
    failures = [f"{times} × {each}" for each, times in load.statuses.items() if each != 200]
    if p99 > _P99_MILLISECONDS * scale.time_factor:
        failures.append(f"p99 was {p99:.0f} ms")
    figures = {
        "capacity per s": fmean(capacities),
        "asked per s": load.requests / scale.load_seconds,
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


async def _load(clients: Clients, bouts: int, seconds: float) -> tuple[list[float], Load]:
    """In bouts, each after another look at the capacity."""
    capacities, load = [], Load()
    await clients.open()
    await clients.saturate(_WARM_SECONDS)
    for _ in range(bouts):
        capacities.append(await clients.saturate(_CAPACITY_SECONDS))
        await clients.keep_up(load, capacities[-1] * _SHARE, seconds / bouts)
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
    # One order after the other would have writers wait for each other's locks.
    items = iter(sample(work.lines, len(work.lines)))
    return _mixed(reads, _cancellations(work, items))


def _cancellations(work: Work, items: Iterator[int]) -> Iterator[bytes]:
    headers = work.customer.headers | KEEP_ALIVE
    for item_pk in items:
        row = {"order_item": item_pk, "reason": work.reason, "cancellation_type": "cancel"}
        yield request("POST", "/users/orders/cancellation_requests/", headers, row)


def _mixed(reads: Sequence[bytes], writes: Iterator[bytes]) -> Iterator[bytes]:
    for number in count():
        is_read = number % (_READS_OF_WRITE + 1)
        yield reads[number * 7 % len(reads)] if is_read else next(writes)
