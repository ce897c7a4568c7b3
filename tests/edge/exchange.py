"""Sends bytes to a socket and reads the response, without an HTTP library that corrects them."""

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

SECONDS = 5


@dataclass(frozen=True)
class RawResponse:
    """A response: ``status`` is 0 where the connection was closed without one.

    ``headers`` has the last value of each name, ``cookies`` the values of all cookies that are
    set, without those that are deleted.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The decoded body; None where it is not JSON."""
        with suppress(ValueError):
            return json.loads(self.body)
        return None


def exchange(port: int, sent: bytes, *, closes_sending: bool = False) -> RawResponse:
    """Send these bytes on a new connection, and read until the server closes it.

    ``closes_sending``: close the sending side afterwards.

    Raises TimeoutError where the server does not close it.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        with suppress(ConnectionError):  # the server may respond and close before it has read all
            connection.sendall(sent)
            if closes_sending:
                connection.shutdown(socket.SHUT_WR)
        received = bytearray()
        with suppress(ConnectionError):
            while part := connection.recv(65536):
                received += part
    return parse(bytes(received))


def parse(received: bytes) -> RawResponse:
    """The response in these bytes, after an interim one (100)."""
    head, _, body = received.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return parse(body)
    if not head:
        return RawResponse(0, {}, b"")
    start, *lines = head.decode("latin-1").split("\r\n")
    pairs = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines)]
    set_cookies = (value.partition(";")[0] for name, value in pairs if name == "set-cookie")
    named = (cookie.partition("=")[::2] for cookie in set_cookies)
    cookies = {name: value for name, value in named if value}
    return RawResponse(int(start.split()[1]), dict(pairs), body, cookies)
