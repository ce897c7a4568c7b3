"""The bundled loader: a process that reads its plan as JSON from the standard input.

It writes the results of each workload as JSON. Responses need a Content-Length, or are 204.
"""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, cycle, repeat
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"
_NO_CONTENT = b"204"


class Requests:
    """The next request of each workload, as bytes."""

    def __init__(self, workloads: Sequence[Any], host: str) -> None:
        self.names = [workload["name"] for workload in workloads]
        self._next = [_requests(workload, host) for workload in workloads]

    def take(self, index: int) -> bytes | None:
        """The next request; None when all requests of a workload that is sent once are sent."""
        return next(self._next[index], None)


def _requests(workload: Any, host: str) -> Iterator[bytes]:
    encoded = (_encoded(request, host) for request in workload["requests"])
    return encoded if workload["is_once"] else cycle(list(encoded))


def _encoded(request: Any, host: str) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in request["headers"].items())
    body = request["body"]
    method = "GET" if body is None else "POST"
    start = f"{method} {request['path']} HTTP/1.1\r\nHost: {host}\r\n{head}"
    if body is None:
        return f"{start}\r\n".encode()
    return f"{start}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()


class Outcome:
    """The results of one workload."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self.errors = 0
        self.bytes = 0

    def summary(self, seconds: float) -> dict[str, float]:
        """The fields of `benchmarks.load.Load`."""
        ordered = sorted(self.milliseconds)
        return {
            "requests": len(ordered),
            "seconds": seconds,
            "errors": self.errors,
            "bytes": self.bytes,
            "p50": percentile(ordered, 50),
            "p99": percentile(ordered, 99),
        }


def percentile(ordered: Sequence[float], share: int) -> float:
    """The value that ``share`` percent of the ascending values do not exceed; 0 for none."""
    if not ordered:
        return 0.0
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


class Connection(asyncio.Protocol):
    """A connection that sends the next request when the response to the last is complete."""

    def __init__(self, requests: Requests, turns: Iterator[int], until: float) -> None:
        self.outcomes: dict[str, Outcome] = defaultdict(Outcome)
        self.done = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._turns = turns
        self._until = until
        self._head = b""
        self._missing = 0
        self._transport: asyncio.Transport
        self._outcome: Outcome
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP has one
        self._transport = transport
        self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self._outcome.errors += 1
            self._outcome.milliseconds.append((perf_counter() - self._sent) * 1e3)
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._outcome.bytes += len(data)
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(_END_OF_HEAD)
            if end < 0:
                return
            head, received = self._head[:end].lower(), len(self._head) - end - len(_END_OF_HEAD)
            self._head = b""
            self._outcome.errors += head[9:10] != b"2"
            self._missing = body_length(head) - received
        if not self._missing:
            self._outcome.milliseconds.append((perf_counter() - self._sent) * 1e3)
            self._send()

    def _send(self) -> None:
        index = next(self._turns)
        request = self._requests.take(index) if perf_counter() < self._until else None
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._outcome = self.outcomes[self._requests.names[index]]
        self._sent = perf_counter()
        self._transport.write(request)


def body_length(head: bytes) -> int:
    """The length of the body that follows the lower-case head of a response."""
    if head[9:12] == _NO_CONTENT:
        return 0
    at = head.index(_LENGTH) + len(_LENGTH)
    return int(head[at:].split(b"\r\n", 1)[0])


async def generate_load(plan: Any) -> dict[str, dict[str, float]]:
    """Run the plan; return results by workload, and of all workloads by an empty name."""
    address = urlsplit(plan["url"])
    requests = Requests(plan["workloads"], address.netloc)
    started = perf_counter()
    until = started + plan["seconds"]
    loop = asyncio.get_running_loop()
    connections = []
    for place in range(plan["connections"]):
        # Connections start at different turns, so that writes do not come in bursts.
        shift = place * len(plan["turns"]) // plan["connections"]
        cycle_of_turns = plan["turns"][shift:] + plan["turns"][:shift]
        _, connection = await loop.create_connection(
            lambda cycle_of_turns=cycle_of_turns: Connection(  # type: ignore[misc]  # no type for cycle_of_turns
                requests, chain.from_iterable(repeat(cycle_of_turns)), until
            ),
            address.hostname,
            address.port,
        )
        connections.append(connection)
    await asyncio.gather(*(connection.done for connection in connections))
    seconds = perf_counter() - started
    outcomes: dict[str, list[Outcome]] = {name: [] for name in ("", *requests.names)}
    for connection in connections:
        for name, outcome in connection.outcomes.items():
            outcomes[name].append(outcome)
            outcomes[""].append(outcome)
    return {name: _merged(parts).summary(seconds) for name, parts in outcomes.items() if parts}


def _merged(outcomes: Sequence[Outcome]) -> Outcome:
    merged = Outcome()
    for outcome in outcomes:
        merged.milliseconds += outcome.milliseconds
        merged.errors += outcome.errors
        merged.bytes += outcome.bytes
    return merged


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(generate_load(json.load(sys.stdin)))))
