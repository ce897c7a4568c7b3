"""Limits on the connections of a worker: their number, idle ones, and those of one address.

granian counts a connection from its acceptance, and hyper's only timer allows as much time for the
first byte as for the whole head. On Linux, a thread of the worker adds stricter limits: TCP_INFO
says how much a connection received and when. The thread closes connections that send nothing, and
those by which one address exceeds its share.
"""

import fcntl
import os
import resource
import socket
import struct
import sys
import termios
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import structlog

from handlers.auth.networks import network_of

MAX_CONNECTIONS = 5_000
"""Of one worker. Each takes a file descriptor and 3 KiB, or 11 KiB once it received data."""
FIRST_BYTE_SECONDS = 5.0
_STEP_SECONDS = 1.0  # a look at 3,000 connections takes 35 ms
_WARN_SECONDS = 60.0
_SPARE_DESCRIPTORS = 250  # for the database, files and pipes
_DESCRIPTORS = Path("/proc/self/fd")
_ESTABLISHED = 1
# `struct tcp_info` of linux/tcp.h, since 4.1: the state in its first byte, the milliseconds since
# the last data (since the connection was made, if there was none), and the bytes received.
_TCP_INFO = struct.Struct("=B 51x I 72x Q")
_COUNT = struct.Struct("@i")

_log = structlog.get_logger("waybill.server")


@dataclass(frozen=True)
class Connection:
    """An accepted connection; ``quiet`` is the number of seconds since its last data."""

    descriptor: int
    peer: tuple[str, int]
    received: int
    quiet: float

    @property
    def is_silent(self) -> bool:
        """Whether the first byte is overdue."""
        return not self.received and self.quiet >= FIRST_BYTE_SECONDS


def raise_limit() -> int:
    """Raise the limit of open files as needed; return the number of connections that it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = min(MAX_CONNECTIONS + _SPARE_DESCRIPTORS, _count(hard))
    if _count(soft) < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(allowed - _SPARE_DESCRIPTORS, allowed // 2)


def _count(limit: int) -> int:
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def family_of(host: str) -> socket.AddressFamily:
    """The address family to listen on."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def watch_connections(host: str, port: int, share: int) -> None:
    """Start the thread that enforces the limits; on Linux only.

    The server listens on ``host`` and ``port``. ``share`` is the number of connections that an
    address may have with this process; 0: no limit.
    """
    if sys.platform == "linux" and _DESCRIPTORS.exists():
        watch = ConnectionWatch(family_of(host), port, share)
        threading.Thread(target=watch.run, name="connections", daemon=True).start()


class ConnectionWatch:
    """Checks all connections once a second."""

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
        """Close the connections that exceed a limit now."""
        connections = list(accepted_connections(self._family, self._port))
        silent = [connection for connection in connections if connection.is_silent]
        active = [connection for connection in connections if not connection.is_silent]
        excess = list(over_share(active, self._share)) if self._share else []
        for connection in (*silent, *excess):
            self._close(connection)
        if excess and time.monotonic() - self._warned >= _WARN_SECONDS:
            self._warned = time.monotonic()
            _log.warning(
                "too_many_connections_of_an_address",
                addresses=sorted({network_of(connection.peer[0]) for connection in excess})[:10],
                closed=len(excess),
            )

    def _close(self, connection: Connection) -> None:
        """Shut the connection down, unless its descriptor was reused; the server reads EOF."""
        with suppress(OSError), _borrowed(self._family, connection.descriptor) as borrowed:
            if borrowed.getpeername()[:2] == connection.peer:
                borrowed.shutdown(socket.SHUT_RDWR)


def over_share(connections: Iterable[Connection], share: int) -> Iterator[Connection]:
    """Yield what exceeds the share of an address: the connections that are quiet the longest."""
    by_address: defaultdict[str, list[Connection]] = defaultdict(list)
    for connection in connections:
        by_address[connection.peer[0]].append(connection)
    by_network: defaultdict[str, list[Connection]] = defaultdict(list)
    for address, of_address in by_address.items():
        by_network[network_of(address)] += of_address
    for of_network in by_network.values():
        if len(of_network) > share:
            of_network.sort(key=attrgetter("quiet"), reverse=True)
            yield from of_network[: len(of_network) - share]


def accepted_connections(family: socket.AddressFamily, port: int) -> Iterator[Connection]:
    """The open connections of this process to this port."""
    for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208 - a Path for each would cost more
        descriptor = int(name)
        with suppress(OSError, struct.error), _borrowed(family, descriptor) as connection:
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
            state, quiet, received = _TCP_INFO.unpack(info)
            if state == _ESTABLISHED and connection.getsockname()[1] == port:
                yield Connection(descriptor, connection.getpeername()[:2], received, quiet / 1000)


def is_everything_read(family: socket.AddressFamily, port: int) -> bool:
    """Whether the server has read all that its connections to this port have received."""
    return not any(
        _unread(connection.descriptor) for connection in accepted_connections(family, port)
    )


def _unread(descriptor: int) -> int:
    """The number of bytes that the kernel has for a connection; 0 if it was closed meanwhile."""
    try:
        [count] = _COUNT.unpack(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(_COUNT.size)))
    except OSError:
        return 0
    return int(count)


@contextmanager
def _borrowed(family: socket.AddressFamily, descriptor: int) -> Iterator[socket.socket]:
    """A socket object for a descriptor that another part of the process owns and will close.

    Does not duplicate the descriptor: closing a duplicate of an SQLite file would drop all fcntl
    locks of this process on it (POSIX), and two processes could write the database at once. Raises
    OSError if the descriptor is not (or no longer) a socket.
    """
    borrowed = socket.socket(family, socket.SOCK_STREAM, 0, fileno=descriptor)
    try:
        yield borrowed
    finally:
        borrowed.detach()
