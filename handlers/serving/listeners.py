"""The listening sockets of a server, and how to close them without losing a connection."""

import ctypes
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress

from handlers.serving.connections import family_of

_POLL_SECONDS = 0.02
# A handshake that has begun is complete after one round trip.
_HANDSHAKE_SECONDS = 0.2
_LONGEST_SECONDS = 1.0
# `struct tcp_info` of linux/tcp.h: of a listening socket, tcpi_unacked is the number of connections
# that wait to be accepted.
_TCP_INFO = struct.Struct("=24x I")
_SO_ATTACH_FILTER = 26  # linux/socket.h; the module socket does not have it
_FILTER = struct.Struct("=HBBI")
# A program of the classic Berkeley Packet Filter over the TCP header, whose byte 13 has the flags.
_REFUSE_SYN = (
    (0x30, 0, 0, 13),  # load the flags
    (0x54, 0, 0, 0x12),  # leave SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone: the next line, else the line after it
    (0x06, 0, 0, 0),  # drop the packet
    (0x06, 0, 0, 0xFFFFFFFF),  # let it pass
)


def listen(host: str, port: int, backlog: int, count: int) -> list[socket.socket]:
    """``count`` sockets that listen on one port; the kernel distributes connections evenly.

    Raises OSError.
    """
    family = family_of(host)
    # `::` includes all IPv4 addresses where the system supports dual-stack sockets.
    both = family is socket.AF_INET6 and socket.has_dualstack_ipv6()
    listeners = []
    for _ in range(count):
        listener = socket.create_server(
            (host, port),
            family=family,
            backlog=backlog,
            reuse_port=count > 1,
            dualstack_ipv6=both,
        )
        # As granian does; accepted connections inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listeners.append(listener)
        port = listener.getsockname()[1]
    return listeners


def settle(listeners: Sequence[socket.socket]) -> None:
    """Prepare to close the sockets: drop new connections, and wait until all others are accepted.

    The kernel would reset connections that wait to be accepted, after their clients may have sent
    a request. A client that connects from now on gets no answer, tries again after a second, and is
    then refused, so that a proxy tries another server. Waits 0.2 to 1 s. Linux only.
    """
    for listener in listeners:
        _drop_new_connections(listener)
    began = time.monotonic()
    time.sleep(_HANDSHAKE_SECONDS)
    while any(map(waiting_connections, listeners)) and time.monotonic() - began < _LONGEST_SECONDS:
        time.sleep(_POLL_SECONDS)


def waiting_connections(listener: socket.socket) -> int:
    """The number of connections that wait to be accepted. Linux only."""
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    waiting: int = _TCP_INFO.unpack(info)[0]
    return waiting


def _drop_new_connections(listener: socket.socket) -> None:
    program = b"".join(_FILTER.pack(*instruction) for instruction in _REFUSE_SYN)
    buffer = ctypes.create_string_buffer(program, len(program))
    option = struct.pack("@HP", len(_REFUSE_SYN), ctypes.addressof(buffer))
    with suppress(OSError):  # where a sandbox forbids filters: a few connections may be reset
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, option)
