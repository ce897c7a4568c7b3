import fcntl
import logging
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.auth.networks import network_of
from handlers.serving import connections
from handlers.serving.connections import (
    FIRST_BYTE_SECONDS,
    MAX_CONNECTIONS,
    Connection,
    ConnectionWatch,
    accepted_connections,
    is_everything_read,
    over_share,
    raise_limit,
)
from tests.support.processes import wait_until

DESCRIPTORS = Path("/proc/self/fd")
PEER = "192.0.2.1"


def held(quiet: float, address: str = PEER, received: int = 1) -> Connection:
    return Connection(descriptor=int(quiet), peer=(address, 1), received=received, quiet=quiet)


class Pairs:
    """Connections of this process to itself, over a listening port."""

    def __init__(self, stack: ExitStack, host: str) -> None:
        self._stack = stack
        self.family = connections.family_of(host)
        self._listener = stack.enter_context(socket.create_server((host, 0), family=self.family))
        self.port = self._listener.getsockname()[1]

    def new(self, sent: bytes = b"") -> tuple[socket.socket, socket.socket]:
        """The socket of the client, and that of the server."""
        client = socket.create_connection(self._listener.getsockname()[:2])
        server, _ = self._listener.accept()
        self._stack.enter_context(client)
        self._stack.enter_context(server)
        client.sendall(sent)
        if sent:
            server.recv(len(sent), socket.MSG_PEEK)
        return client, server

    def accepted(self) -> dict[int, Connection]:
        return {
            connection.descriptor: connection
            for connection in accepted_connections(self.family, self.port)
        }


@pytest.fixture
def pairs() -> Iterator[Pairs]:
    with ExitStack() as stack:
        yield Pairs(stack, "127.0.0.1")


class TestUnreadBytes:
    def test_are_those_that_have_arrived_and_were_not_read(self, pairs: Pairs) -> None:
        _, idle = pairs.new()
        _, busy = pairs.new(b"GET")
        assert not is_everything_read(pairs.family, pairs.port)

        busy.recv(3)

        assert is_everything_read(pairs.family, pairs.port)
        assert {idle.fileno(), busy.fileno()} == pairs.accepted().keys()

    def test_of_a_closed_connection_are_none(self, pairs: Pairs) -> None:
        _, server = pairs.new(b"GET")
        descriptor = server.fileno()
        server.close()

        assert connections._unread(descriptor) == 0  # noqa: SLF001


def is_closed(client: socket.socket) -> bool:
    client.settimeout(0.05)
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False


class TestAcceptedConnections:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", *(["::1"] if socket.has_dualstack_ipv6() else [])]
    )
    def test_have_their_peer_and_the_bytes_received(self, host: str) -> None:
        with ExitStack() as stack:
            pairs = Pairs(stack, host)
            silent, first = pairs.new()
            _, second = pairs.new(b"GET")

            by_descriptor = pairs.accepted()

            assert by_descriptor.keys() == {first.fileno(), second.fileno()}
            assert by_descriptor[first.fileno()].peer == silent.getsockname()[:2]
            assert by_descriptor[first.fileno()].received == 0
            assert by_descriptor[second.fileno()].received == 3

    def test_have_the_seconds_since_their_last_data(self, pairs: Pairs) -> None:
        _, server = pairs.new()
        time.sleep(0.2)

        assert 0.15 <= pairs.accepted()[server.fileno()].quiet < 5

    def test_do_not_include_closed_ones_or_those_to_other_ports(self, pairs: Pairs) -> None:
        client, _ = pairs.new()
        client.close()
        wait_until(lambda: not pairs.accepted())

        with ExitStack() as stack:
            Pairs(stack, "127.0.0.1").new()
            assert not pairs.accepted()

    def test_keep_the_file_locks_of_this_process(self, pairs: Pairs, tmp_path: Path) -> None:
        """SQLite's locks, for example, are lost when any descriptor of the file is closed."""
        pairs.new()
        file = tmp_path / "locked"
        attempt = (
            f"import fcntl; fcntl.lockf(open({str(file)!r}, 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        )
        with file.open("w") as locked:
            fcntl.lockf(locked, fcntl.LOCK_EX)

            pairs.accepted()
            ConnectionWatch(pairs.family, pairs.port, 1).check()

            with pytest.raises(subprocess.CalledProcessError):
                subprocess.run(  # noqa: S603 - our own code
                    [sys.executable, "-c", attempt], check=True, stderr=subprocess.DEVNULL
                )

    def test_leave_no_descriptor_open(self, pairs: Pairs) -> None:
        pairs.new()
        before = set(DESCRIPTORS.iterdir())

        for _ in range(3):
            pairs.accepted()

        assert set(DESCRIPTORS.iterdir()) == before


class TestConnectionWatch:
    def test_closes_connections_that_send_nothing(
        self, pairs: Pairs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        silent, _ = pairs.new()
        talking, _ = pairs.new(b"G")
        monkeypatch.setattr(connections, "FIRST_BYTE_SECONDS", 0.1)
        watch = ConnectionWatch(pairs.family, pairs.port, 0)
        watch.check()
        assert not is_closed(silent)
        time.sleep(0.2)

        watch.check()

        assert is_closed(silent)
        assert not is_closed(talking)

    def test_closes_connections_beyond_the_share_of_an_address(
        self, pairs: Pairs, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        clients = [pairs.new(b"G")[0] for _ in range(3)]
        watch = ConnectionWatch(pairs.family, pairs.port, 2)

        watch.check()
        assert sum(map(is_closed, clients)) == 1

        clients.append(pairs.new(b"G")[0])
        watch.check()
        assert sum(map(is_closed, clients)) == 2
        assert caplog.text.count("too_many_connections_of_an_address") == 1
        assert "127.0.0.1" in caplog.text

    def test_limits_no_address_without_a_share(self, pairs: Pairs) -> None:
        clients = [pairs.new(b"G")[0] for _ in range(3)]

        ConnectionWatch(pairs.family, pairs.port, 0).check()

        assert not any(map(is_closed, clients))

    def test_closes_no_connection_that_reuses_a_descriptor(self, pairs: Pairs) -> None:
        client, server = pairs.new()
        [connection] = pairs.accepted().values()
        watch = ConnectionWatch(pairs.family, pairs.port, 0)

        watch._close(replace(connection, peer=("127.0.0.1", 1)))  # noqa: SLF001 - a race
        assert not is_closed(client)

        server.close()
        watch._close(connection)  # noqa: SLF001 - another
        assert is_closed(client)


class TestOverShare:
    def test_are_the_connections_that_are_quiet_the_longest(self) -> None:
        open_connections = [held(1), held(3), held(2)]

        assert [connection.quiet for connection in over_share(open_connections, 1)] == [3, 2]
        assert list(over_share(open_connections, 3)) == []

    def test_are_counted_for_each_address(self) -> None:
        open_connections = [held(1), held(2, "192.0.2.2"), held(3, "::ffff:192.0.2.2")]

        assert [connection.quiet for connection in over_share(open_connections, 1)] == [3]

    def test_are_counted_for_each_network_of_ipv6(self) -> None:
        open_connections = [
            held(1, "2001:db8::1"),
            held(2, "2001:db8::2"),
            held(3, "2001:db8:0:1::1"),
        ]

        assert [connection.quiet for connection in over_share(open_connections, 1)] == [2]


@pytest.mark.parametrize(
    ("address", "of"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_address_belongs_to_a_network(address: str, of: str) -> None:
    assert network_of(address) == of


@pytest.mark.parametrize(("quiet", "received"), [(FIRST_BYTE_SECONDS - 1, 0), (99.0, 1)])
def test_a_connection_is_silent_when_its_first_byte_is_overdue(quiet: float, received: int) -> None:
    assert not held(quiet, received=received).is_silent
    assert held(FIRST_BYTE_SECONDS, received=0).is_silent


class TestRaiseLimit:
    @pytest.fixture
    def limits(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, int]]:
        """Of open files: soft and hard."""
        limits = {"now": (0, 0)}
        monkeypatch.setattr(resource, "getrlimit", lambda _: limits["now"])
        monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.update(now=new))
        return limits

    @pytest.mark.parametrize(
        ("before", "after", "fit"),
        [
            ((1024, 524_288), (5250, 524_288), MAX_CONNECTIONS),
            ((1024, 1024), (1024, 1024), 774),
            ((256, 300), (300, 300), 150),
            ((256, resource.RLIM_INFINITY), (5250, resource.RLIM_INFINITY), MAX_CONNECTIONS),
            ((resource.RLIM_INFINITY,) * 2, (resource.RLIM_INFINITY,) * 2, MAX_CONNECTIONS),
            ((9000, 9000), (9000, 9000), MAX_CONNECTIONS),
        ],
    )
    def test_raises_the_limit_of_open_files(
        self,
        limits: dict[str, tuple[int, int]],
        before: tuple[int, int],
        after: tuple[int, int],
        fit: int,
    ) -> None:
        limits["now"] = before

        assert raise_limit() == fit
        assert limits["now"] == after


def test_a_peer_that_resets_is_closed_quietly(pairs: Pairs) -> None:
    client, _ = pairs.new()
    [connection] = pairs.accepted().values()
    with closing(client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00" + bytes(4))
    time.sleep(0.05)

    ConnectionWatch(pairs.family, pairs.port, 0)._close(connection)  # noqa: SLF001 - a race
