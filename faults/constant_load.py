"""Clients that send a constant number of requests a second, and expect each to succeed."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from domain.cancellations.requests import CancellationRequestQuery
from domain.shared.paging import PageRequest
from faults.environment import Environment
from faults.raw_client import KEEP_ALIVE, Connection, request
from faults.writers import Work, make_work
from tests.edge.exchange import RawResponse
from tests.support.builders import make_lines

_CLIENTS = 24
_READERS = 12
_READS_OF_WRITE = 9
_LINES_OF_ORDER = 8
_FIRST_REQUESTS = 100  # one after the other
_WARM_SECONDS = 3.0
_CAPACITY_SECONDS = 2.0


@dataclass
class LoadLog:
    """The results so far; ``acknowledged`` are the pks of the requests that were created."""

    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: list[int] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


class Requests:
    """Nine reads of several shoppers for each write, in turn with an Idempotency-Key and without.

    Each write cancels another of ``lines`` order lines. Raises StopIteration after the last one.
    """

    def __init__(self, environment: Environment, lines: int) -> None:
        self._work = make_work(environment, lines, _LINES_OF_ORDER)
        # Neighbours are lines of different orders, so that writers wait for no lock.
        self._lines = iter(sorted(self._work.lines, key=lambda pk: pk % _LINES_OF_ORDER))
        self._reads = [sent for _ in range(_READERS) for sent in _reads(environment)]
        self._numbers = count()

    def __next__(self) -> bytes:
        number = next(self._numbers)
        if number % (_READS_OF_WRITE + 1):
            return self._reads[number * 7 % len(self._reads)]
        has_key = number // (_READS_OF_WRITE + 1) % 2 == 0
        return _write(self._work, next(self._lines), has_key=has_key)


def _reads(environment: Environment) -> Iterator[bytes]:
    reader = environment.customer()
    order = environment.shop.order(reader.user, items=make_lines(3, 2))
    headers = reader.headers | KEEP_ALIVE
    yield request("GET", "/users/orders/?limit=12", headers)
    yield request("GET", f"/users/orders/{order.pk}/", headers)


def _write(work: Work, line: int, *, has_key: bool) -> bytes:
    key = {"Idempotency-Key": f"cancel-{line}"} if has_key else {}
    row = {"order_item": line, "reason": work.reason, "cancellation_type": "cancel"}
    headers = work.customer.headers | KEEP_ALIVE | key
    return request("POST", "/users/orders/cancellation_requests/", headers, row)


class ConstantLoad:
    """Clients of a port, by TLS with a ``context``; each has a connection, and keeps it if it may.

    A request that is not answered 200 is a failure, and is never sent again.
    """

    def __init__(
        self, port: int, requests: Requests, context: ssl.SSLContext | None = None
    ) -> None:
        self.log = LoadLog()
        self._port = port
        self._requests = requests
        self._context = context

    async def capacity(self) -> float:
        """Requests a second, when each client sends its next request after each response.

        Before, the servers become warm. Failures are recorded only from now on.
        """
        connection = await self._open()
        for _ in range(_FIRST_REQUESTS):
            connection = await self._send(connection, next(self._requests))
        connection.close()
        await self._run(_for(_WARM_SECONDS))
        self.log.failures.clear()
        before = self.log.statuses.total()
        await self._run(_for(_CAPACITY_SECONDS))
        return (self.log.statuses.total() - before) / _CAPACITY_SECONDS

    async def run(self, rate: float, goes_on: Callable[[], bool]) -> None:
        """Send ``rate`` requests a second while ``goes_on``."""
        await self._run(goes_on, rate)

    async def _run(self, goes_on: Callable[[], bool], rate: float | None = None) -> None:
        began, numbers = monotonic(), count()

        async def work() -> None:
            connection = await self._open()
            while goes_on():
                if rate is not None:
                    due = began + next(numbers) / rate
                    await asyncio.sleep(max(0.0, due - monotonic()))
                connection = await self._send(connection, next(self._requests))
            connection.close()

        await asyncio.gather(*(work() for _ in range(_CLIENTS)))

    async def _send(self, connection: Connection, sent: bytes) -> Connection:
        """Send a request and record its response; return the connection for the next one."""
        began = monotonic()
        try:
            connection.send(sent)
            response = await connection.read_response()
        except (EOFError, ConnectionError) as error:
            response, reason = RawResponse(0, {}, b""), repr(error)
        else:
            reason = f"{response.status} {response.body[:80]!r}"
        self._record(sent, response, reason)
        self.log.slowest = max(self.log.slowest, monotonic() - began)
        if response.status and response.headers.get("connection") != "close":
            return connection
        connection.close()
        return await self._open()

    def _record(self, sent: bytes, response: RawResponse, reason: str) -> None:
        self.log.statuses[response.status] += 1
        method = sent.partition(b" ")[0].decode()
        if response.status != 200:
            self.log.failures[f"{method}: {reason}"] += 1
        elif method == "POST":
            self.log.acknowledged.append(response.json["pk"])

    async def _open(self) -> Connection:
        return await Connection.open(self._port, self._context)


def _for(seconds: float) -> Callable[[], bool]:
    end = monotonic() + seconds
    return lambda: monotonic() < end


def lost_or_unacknowledged(environment: Environment, acknowledged: list[int]) -> list[str]:
    """The difference between the requests in the database and those that were acknowledged."""
    with environment.database.reading() as uow:
        stored = uow.cancellation_requests.requests(
            CancellationRequestQuery(), PageRequest(limit=10**6)
        )
    counts = Counter(request.pk for request in stored)
    counts.subtract(acknowledged)
    return [f"request {pk} was not acknowledged, and is stored" for pk in +counts] + [
        f"request {pk} was acknowledged, and is lost" for pk in -counts
    ]
