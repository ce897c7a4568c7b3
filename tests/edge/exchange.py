"""Bytes to a socket and back, with no HTTP library between that would put anything right."""

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

SECONDS = 5


@dataclass(frozen=True)
class Answer:
    """What came back: ``status`` is 0 where the connection was closed without an answer.

    ``headers`` has the last of each name, ``cookies`` the values of all cookies that are set; one
    that is dropped has none.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> Any:
        """The body, decoded; None where it is no JSON."""
        with suppress(ValueError):
            return json.loads(self.body)
        return None


def exchange(port: int, sent: bytes, *, ends: bool = False) -> Answer:
    """Send these bytes on a connection of their own, and read until the server closes it.

    ``ends``: no more will come, and the server is told so.

    Raises TimeoutError where it does not.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        with suppress(ConnectionError):  # it may answer, and close, before it has read all
            connection.sendall(sent)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        received = bytearray()
        with suppress(ConnectionError):
            while some := connection.recv(65536):
                received += some
    return parse(bytes(received))


def parse(received: bytes) -> Answer:
    """The one answer in these bytes; an interim one (100) is passed over."""
    head, _, body = received.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return parse(body)
    if not head:
        return Answer(0, {}, b"")
    start, *lines = head.decode("latin-1").split("\r\n")
    pairs = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines)]
    set_cookies = (value.partition(";")[0] for name, value in pairs if name == "set-cookie")
    named = (each.partition("=")[::2] for each in set_cookies)
    cookies = {name: value for name, value in named if value}
    return Answer(int(start.split()[1]), dict(pairs), body, cookies)
