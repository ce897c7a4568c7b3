import socket
from contextlib import ExitStack, suppress

import pytest

from handlers.serving import listeners
from handlers.serving.listeners import listen, settle, waiting_connections

LOOPBACK = "127.0.0.1"


class TestListen:
    def test_includes_ipv4_for_all_addresses_of_ipv6(self) -> None:
        reachable = {"::": [LOOPBACK, "::1"]} if socket.has_dualstack_ipv6() else {}
        reachable |= {LOOPBACK: [LOOPBACK]}
        for host, addresses in reachable.items():
            [listener] = listen(host, 0, 8, 1)
            with listener:
                for address in addresses:
                    socket.create_connection((address, listener.getsockname()[1])).close()

    def test_distributes_connections_over_the_sockets(self) -> None:
        first, second = listen(LOOPBACK, 0, 64, 2)
        with first, second:
            assert first.getsockname() == second.getsockname()
            with ExitStack() as stack:
                for _ in range(60):
                    stack.enter_context(socket.create_connection(first.getsockname()))
                assert [accept_all(server) > 10 for server in (first, second)] == [True, True]

    def test_fails_for_a_port_in_use(self) -> None:
        [listener] = listen(LOOPBACK, 0, 8, 1)
        with listener, pytest.raises(OSError, match="in use"):
            listen(LOOPBACK, listener.getsockname()[1], 8, 1)


class TestSettle:
    @pytest.mark.parametrize("host", [LOOPBACK, *(["::1"] if socket.has_dualstack_ipv6() else [])])
    def test_drops_new_connections(self, host: str) -> None:
        [listener] = listen(host, 0, 8, 1)
        with listener:
            address = (host, listener.getsockname()[1])
            settle([listener])

            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.3)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)

    def test_keeps_accepted_connections(self) -> None:
        [listener] = listen(LOOPBACK, 0, 8, 1)
        with listener, socket.create_connection(listener.getsockname()) as client:
            accepted, _ = listener.accept()
            with accepted:
                settle([listener])

                client.sendall(b"GET")
                assert accepted.recv(3) == b"GET"
                accepted.sendall(b"200")
                assert client.recv(3) == b"200"

    def test_works_without_permission_for_filters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listeners, "_SO_ATTACH_FILTER", 9999)  # an error, as in a sandbox
        [listener] = listen(LOOPBACK, 0, 8, 1)
        with listener:
            settle([listener])

            socket.create_connection(listener.getsockname()).close()

    def test_ends_although_a_connection_is_never_accepted(self) -> None:
        [listener] = listen(LOOPBACK, 0, 8, 1)
        with listener, socket.create_connection(listener.getsockname()):
            settle([listener])

            assert waiting_connections(listener) == 1


def test_connections_that_wait_are_counted() -> None:
    [listener] = listen(LOOPBACK, 0, 8, 1)
    with listener, ExitStack() as stack:
        assert waiting_connections(listener) == 0
        for _ in range(3):
            stack.enter_context(socket.create_connection(listener.getsockname()))
        assert waiting_connections(listener) == 3
        assert accept_all(listener) == 3
        assert waiting_connections(listener) == 0


def accept_all(listener: socket.socket) -> int:
    """Accept and close all connections that wait; return their number."""
    listener.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count
