"""The server is asked to stop under load: what is in flight is answered, and it is gone soon."""

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

BAR = "no request in flight fails; stopped within 5 s, with half-open clients, too"
_STOPPED_SECONDS = 5.0
_CLIENTS = 8
_LINES_OF_STOP = 600


@dataclass
class Sent:
    """A request that is on its way, and what came back: a status, or what broke off."""

    response: int | str = "nothing"


class Clients:
    """Read and write in turn, each on a connection that stays open, until it is closed."""

    def __init__(self, server: Server, work: Work, lines: Iterator[int]) -> None:
        self.flying: list[Sent] = []
        self._server = server
        self._headers = work.customer.headers | KEEP_ALIVE
        self._reason = work.reason
        self._lines = lines
        self._warm = asyncio.Barrier(_CLIENTS + 1)
        self._is_stopping = False
        self.asked = 0.0

    async def stop(self) -> list[Sent]:
        """Ask the server to stop in the midst of it; return what was on its way just then."""
        asking = [asyncio.create_task(self._exchange()) for _ in range(_CLIENTS)]
        await self._warm.wait()
        await asyncio.sleep(uniform(0.5, 1.5))
        self._is_stopping = True
        in_flight = list(self.flying)
        self.asked = monotonic()
        self._server.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*asking)
        return in_flight

    async def _exchange(self) -> None:
        connection = await self._warmed()
        await self._warm.wait()
        while not self._is_stopping:
            for wanted in (self._read, self._write):
                if not self._is_stopping:
                    await self._send(connection, wanted())
        connection.close()

    async def _warmed(self) -> Connection:
        """A connection to a worker that has read and written before.

        Its first requests prepare their statements, and many of them at once may wait for a thread
        longer than they are let.
        """
        connection = await Connection.open(self._server.port)
        for wanted in (self._read, self._write):
            while await self._send(connection, wanted()) != 200:
                connection.close()
                connection = await Connection.open(self._server.port)
        return connection

    async def _send(self, connection: Connection, wanted: bytes) -> int | str:
        sent = Sent()
        self.flying.append(sent)
        connection.send(wanted)
        try:
            sent.response = (await connection.read_response()).status
        except (EOFError, ConnectionError) as error:
            sent.response = repr(error)
        self.flying.remove(sent)
        return sent.response

    def _read(self) -> bytes:
        return request("GET", "/users/orders/?limit=3", self._headers)

    def _write(self) -> bytes:
        row = {"order_item": next(self._lines), "reason": self._reason}
        path = "/users/orders/cancellation_requests/"
        return request("POST", path, self._headers, row | {"cancellation_type": "cancel"})


def check(environment: Environment, scale: Scale) -> Finding:
    """Every second time with clients beside that never finish what they begin."""
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
            seconds.append(monotonic() - clients.asked)
    failures = [f"in flight: {each.response}" for each in in_flight if each.response != 200]
    failures += [f"it took {each:.1f} s to stop" for each in seconds if each > timeout]
    if len(in_flight) < scale.graceful_stops:
        failures.append(f"only {len(in_flight)} requests were in flight")
    return Finding(
        test="SIGTERM under load",
        database=environment.kind,
        amount=len(seconds),
        wanted=scale.graceful_stops,
        bar=BAR,
        figures={"in flight": len(in_flight), "slowest to stop s": max(seconds)},
        failures=tuple(failures),
    )


@contextmanager
def _incomplete_requests(server: Server, count: int) -> Iterator[None]:
    with ExitStack() as opened:
        for begun in islice(cycle(KINDS), count):
            client = socket.create_connection(("127.0.0.1", server.port))
            opened.enter_context(client)
            client.sendall(begun)
        yield
