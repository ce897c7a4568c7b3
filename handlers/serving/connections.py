"""The connections of a worker: how many it may hold, and which are closed before their time.

granian counts a connection from its acceptance, and hyper's one timer gives the first byte as long
as a whole head. What neither offers, a thread of the worker does on Linux, where the kernel says of
each connection how much came and when. It closes those that stay silent, and those by which one
address has more than its share.
"""

import os
import resource
import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from handlers.auth.networks import network_of

MAX_CONNECTIONS = 5_000
"""Of one worker. Each takes a file descriptor, and 3 KiB, or 11 KiB once something came."""
FIRST_BYTE_SECONDS = 5.0
_STEP_SECONDS = 1.0  # a look at 3,000 connections takes 35 ms
_WARN_SECONDS = 60.0
_SPARE_DESCRIPTORS = 250  # for the database, files and pipes
_DESCRIPTORS = Path("/proc/self/fd")
_ESTABLISHED = 1
# `struct tcp_info` of linux/tcp.h, since 4.1: the state in its first byte, the milliseconds since
# data came (since the connection was made, where none did), and the number of bytes that came.
_TCP_INFO = struct.Struct("=B 51x I 72x Q")

_log = structlog.get_logger("waybill.server")


@dataclass(frozen=True)
class Connection:
    """A connection that was accepted; for ``quiet`` seconds nothing came."""

    descriptor: int
    peer: tuple[str, int]
    received: int
    quiet: float

    @property
    def is_silent(self) -> bool:
        """Whether its first byte is overdue."""
        return not self.received and self.quiet >= FIRST_BYTE_SECONDS


def raise_limit() -> int:
    """Raise the limit of open files as far as it is of use; return how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = min(MAX_CONNECTIONS + _SPARE_DESCRIPTORS, _count(hard))
    if _count(soft) < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(allowed - _SPARE_DESCRIPTORS, allowed // 2)


def _count(limit: int) -> int:
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def family_of(host: str) -> socket.AddressFamily:
    """The family of an address that is listened on."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def watch_connections(host: str, port: int, share: int) -> None:
    """Close what should be closed from now on, in a thread, where the system is Linux.

    ``host`` and ``port`` are what is listened on. ``share`` is how many connections an address may
    have with this process; 0 for any number.
    """
    if sys.platform == "linux" and _DESCRIPTORS.exists():
        watch = ConnectionWatch(family_of(host), port, share)
        threading.Thread(target=watch.run, name="connections", daemon=True).start()


class ConnectionWatch:
    """Looks at all connections once a second."""

    def __init__(self, family: socket.AddressFamily, port: int, share: int) -> None:
        self._family = family
        self._port = port
        self._share = share
        self._warned = -_WARN_SECONDS

    def run(self) -> None:
        """Never returns."""
        while True:
            time.sleep(_STEP_SECONDS)
            self.check()

    def check(self) -> None:
        """Close what should be closed now."""
        held = list(accepted_connections(self._family, self._port))
        silent = [each for each in held if each.is_silent]
        talking = [each for each in held if not each.is_silent]
        excess = list(over_share(talking, self._share)) if self._share else []
        for each in (*silent, *excess):
            self._close(each)
        if excess and time.monotonic() - self._warned >= _WARN_SECONDS:
            self._warned = time.monotonic()
            _log.warning(
                "too_many_connections_of_an_address",
                addresses=sorted({network_of(each.peer[0]) for each in excess})[:10],
                closed=len(excess),
            )

    def _close(self, connection: Connection) -> None:
        """Shut it down, which the server reads as its end; unless its descriptor was reused."""
        with suppress(OSError), _borrowed(self._family, connection.descriptor) as borrowed:
            if borrowed.getpeername()[:2] == connection.peer:
                borrowed.shutdown(socket.SHUT_RDWR)


def over_share(held: Iterable[Connection], share: int) -> Iterator[Connection]:
    """Yield what an address has over_share its share: those that have been quiet the longest."""
    by_address: defaultdict[str, list[Connection]] = defaultdict(list)
    for each in held:
        by_address[each.peer[0]].append(each)
    by_network: defaultdict[str, list[Connection]] = defaultdict(list)
    for address, some in by_address.items():
        by_network[network_of(address)] += some
    for some in by_network.values():
        if len(some) > share:
            some.sort(key=lambda each: each.quiet, reverse=True)
            yield from some[: len(some) - share]


def accepted_connections(family: socket.AddressFamily, port: int) -> Iterator[Connection]:
    """The connections to this port that this process has open."""
    for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 - a Path for each would cost more
        descriptor = int(name)
        with suppress(OSError, struct.error), _borrowed(family, descriptor) as connection:
            told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
            state, quiet, received = _TCP_INFO.unpack(told)
            if state == _ESTABLISHED and connection.getsockname()[1] == port:
                yield Connection(descriptor, connection.getpeername()[:2], received, quiet / 1000)


@contextmanager
def _borrowed(family: socket.AddressFamily, descriptor: int) -> Iterator[socket.socket]:
    """A socket that somebody else will close. Raises OSError where it is none, or not any more.

    Nothing is duplicated here: to close a duplicate of a SQLite file would drop all locks that this
    process has on it (fcntl, POSIX), and two processes would write the database at once.
    """
    borrowed = socket.socket(family, socket.SOCK_STREAM, 0, fileno=descriptor)
    try:
        yield borrowed
    finally:
        borrowed.detach()
