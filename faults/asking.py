"""Many requests at once, each on a connection of its own, without a library between."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

import orjson

from tests.edge.exchange import Answer, parse

_LINE_END = b"\r\n"
_HEAD_END = b"\r\n\r\n"
KEPT_OPEN = {"Connection": "keep-alive"}


@dataclass(frozen=True)
class Timed:
    """An answer, with the seconds from before connecting until the server closed.

    Its status is 0 where the connection ended without an answer.
    """

    answer: Answer
    seconds: float


def request(method: str, path: str, headers: Mapping[str, str], body: object = None) -> bytes:
    """A request as bytes, after which the server closes the connection unless it is KEPT_OPEN."""
    content = b"" if body is None else orjson.dumps(body)
    lines = {"Host": "127.0.0.1", "Connection": "close", **headers}
    if body is not None:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}".encode() + _LINE_END + content


class Channel:
    """A connection that stays open for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> "Channel":
        """Open one."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, sent: bytes) -> None:
        """Hand the bytes to the system; nothing else is waited for."""
        self._writer.write(sent)

    async def answer(self) -> Answer:
        """The next answer. Raises EOFError or ConnectionError where it breaks off."""
        head = await self._reader.readuntil(_HEAD_END)
        told = parse(head)
        length = int(told.headers.get("content-length", 0))
        return parse(head + await self._reader.readexactly(length))

    def close(self) -> None:
        """Close it, whatever is still to come."""
        self._writer.transport.abort()


async def ask(port: int, sent: bytes, patience: float = 30) -> Timed:
    """Send the bytes and read the answer. Raises TimeoutError after ``patience`` seconds."""
    began = monotonic()
    async with asyncio.timeout(patience):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(sent)
                received = await reader.read(-1)
            finally:
                writer.transport.abort()
        except ConnectionError:
            received = b""
    return Timed(parse(received), monotonic() - began)


async def ask_all(port: int, sent: Sequence[bytes], patience: float = 30) -> list[Timed]:
    """Send them all at once, and wait for all answers."""
    return await asyncio.gather(*(ask(port, each, patience) for each in sent))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` percent of the values do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)] if ordered else 0.0


def ask_now(port: int, sent: bytes, patience: float = 30) -> Timed:
    """The same for one, where nothing else is going on. Raises TimeoutError."""
    return asyncio.run(ask(port, sent, patience))
