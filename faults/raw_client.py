"""A minimal HTTP client that sends bytes: many requests at once, one connection each."""

import asyncio
import math
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

import orjson

from tests.edge.exchange import RawResponse, parse

_LINE_END = b"\r\n"
_HEAD_END = b"\r\n\r\n"
KEEP_ALIVE = {"Connection": "keep-alive"}


@dataclass(frozen=True)
class TimedResponse:
    """A response, with the seconds from before connecting until the server closed.

    The status is 0 where the connection ended without a response.
    """

    response: RawResponse
    seconds: float


def request(method: str, path: str, headers: Mapping[str, str], body: object = None) -> bytes:
    """A request as bytes; the server closes the connection after it unless KEEP_ALIVE is given."""
    content = b"" if body is None else orjson.dumps(body)
    lines = {"Host": "127.0.0.1", "Connection": "close", **headers}
    if body is not None:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}".encode() + _LINE_END + content


class Connection:
    """A persistent connection for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, context: ssl.SSLContext | None = None) -> "Connection":
        """Connect to the port of this host; by TLS with a ``context``."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context))

    def send(self, sent: bytes) -> None:
        """Write the bytes without waiting."""
        self._writer.write(sent)

    async def read_response(self) -> RawResponse:
        """Read the next response. Raises EOFError or ConnectionError where it is cut off."""
        head = await self._reader.readuntil(_HEAD_END)
        length = int(parse(head).headers.get("content-length", 0))
        return parse(head + await self._reader.readexactly(length))

    def close(self) -> None:
        """Close it without reading what is left."""
        self._writer.transport.abort()


async def exchange(port: int, sent: bytes, timeout: float = 30) -> TimedResponse:
    """Send the bytes and read the response. Raises TimeoutError after ``timeout`` seconds."""
    began = monotonic()
    async with asyncio.timeout(timeout):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(sent)
                received = await reader.read(-1)
            finally:
                writer.transport.abort()
        except ConnectionError:
            received = b""
    return TimedResponse(parse(received), monotonic() - began)


async def exchange_all(
    port: int, requests: Sequence[bytes], timeout: float = 30
) -> list[TimedResponse]:
    """Send all requests at once, and wait for all responses."""
    return await asyncio.gather(*(exchange(port, sent, timeout) for sent in requests))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` percent of the values do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)] if ordered else 0.0


def exchange_sync(port: int, sent: bytes, timeout: float = 30) -> TimedResponse:
    """Like `exchange`, for callers without an event loop. Raises TimeoutError."""
    return asyncio.run(exchange(port, sent, timeout))
