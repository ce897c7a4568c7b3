"""SIGTERM under load: the server completes the requests in flight and stops in time."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from random import uniform
from time import monotonic

from faults.environment import Environment
from faults.findings import Finding
from faults.incomplete_requests import KINDS
from faults.raw_client import KEEP_ALIVE, Connection, request
from faults.scale import Scale
from faults.writers import Work, make_work
from tests.support.server import Server

REQUIREMENT = "no request in flight fails; stopped within 5 s, also with incomplete requests"
_STOPPED_SECONDS = 5.0
_CLIENTS = 8
_LINES_OF_STOP = 600


@dataclass
class Sent:
    """A request in flight; ``response`` is its status or the error that ended it."""

    response: int | str = "none"


class Clients:
    """Clients that read and write in turn, each on a persistent connection."""

    def __init__(self, server: Server, work: Work, lines: Iterator[int]) -> None:
        self.in_flight: list[Sent] = []
        self._server = server
        self._headers = work.customer.headers | KEEP_ALIVE
        self._reason = work.reason
        self._lines = lines
        self._warm = asyncio.Barrier(_CLIENTS + 1)
        self._is_stopping = False
        self.stop_time = 0.0

    async def stop(self) -> list[Sent]:
        """Send SIGTERM after a random time; return the requests in flight at that moment."""
        clients = [asyncio.create_task(self._run()) for _ in range(_CLIENTS)]
        await self._warm.wait()
        await asyncio.sleep(uniform(0.5, 1.5))
        self._is_stopping = True
        in_flight = list(self.in_flight)
        self.stop_time = monotonic()
        self._server.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*clients)
        return in_flight

    async def _run(self) -> None:
        connection = await self._warm_connection()
        await self._warm.wait()
        while not self._is_stopping:
            for make_request in (self._read, self._write):
                if not self._is_stopping:
                    await self._send(connection, make_request())
        connection.close()

    async def _warm_connection(self) -> Connection:
        """A connection to a worker that has already read and written.

        The first requests of a worker prepare their statements; many at once may wait for a thread
        until they are refused.
        """
        connection = await Connection.open(self._server.port)
        for make_request in (self._read, self._write):
            while await self._send(connection, make_request()) != 200:
                connection.close()
                connection = await Connection.open(self._server.port)
        return connection

    async def _send(self, connection: Connection, content: bytes) -> int | str:
        sent = Sent()
        self.in_flight.append(sent)
        connection.send(content)
        try:
            sent.response = (await connection.read_response()).status
        except (EOFError, ConnectionError) as error:
            sent.response = repr(error)
        self.in_flight.remove(sent)
        return sent.response

    def _read(self) -> bytes:
        return request("GET", "/users/orders/?limit=3", self._headers)

    def _write(self) -> bytes:
        row = {"order_item": next(self._lines), "reason": self._reason}
        path = "/users/orders/cancellation_requests/"
        return request("POST", path, self._headers, row | {"cancellation_type": "cancel"})


def check(environment: Environment, scale: Scale) -> Finding:
    """Stop a loaded server repeatedly, every second time with incomplete requests."""
    timeout = _STOPPED_SECONDS * scale.time_factor
    work = make_work(environment, _LINES_OF_STOP * scale.graceful_stops)
    lines = iter(work.lines)
    in_flight: list[Sent] = []
    seconds: list[float] = []
    for number in range(scale.graceful_stops):
        with environment.serve() as server, _incomplete_requests(server, 6 * ((number + 1) % 2)):
            clients = Clients(server, work, lines)
            in_flight += asyncio.run(clients.stop())
            server.process.wait(4 * timeout)
            seconds.append(monotonic() - clients.stop_time)
    failures = [f"in flight: {sent.response}" for sent in in_flight if sent.response != 200]
    failures += [f"it took {stop:.1f} s to stop" for stop in seconds if stop > timeout]
    if len(in_flight) < scale.graceful_stops:
        failures.append(f"only {len(in_flight)} requests were in flight")
    return Finding(
        title="SIGTERM under load",
        database=environment.kind,
        count=len(seconds),
        required=scale.graceful_stops,
        requirement=REQUIREMENT,
        figures={"in flight": len(in_flight), "slowest to stop s": max(seconds)},
        failures=tuple(failures),
    )


@contextmanager
def _incomplete_requests(server: Server, count: int) -> Iterator[None]:
    with ExitStack() as opened:
        for incomplete in islice(cycle(KINDS), count):
            client = socket.create_connection(("127.0.0.1", server.port))
            opened.enter_context(client)
            client.sendall(incomplete)
        yield
