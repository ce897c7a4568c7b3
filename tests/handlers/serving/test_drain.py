"""After SIGTERM, a server is not ready but serves, until its drain ends."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from handlers.serving.worker_application import FINISH
from tests.support.processes import (
    children_of,
    is_pending,
    is_running,
    wait_for_another,
    wait_until,
)
from tests.support.server import SECRET, STOP_SECONDS, Serve, Server, migrated_sqlite

# Longer than a test lasts: a second signal ends the drain.
LONG = {"WAYBILL_DRAIN_SECONDS": "600"} | SECRET
CONNECTIONS = 12  # enough that both of two workers have some


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Always SQLite: a drain does not depend on the database."""
    return migrated_sqlite(tmp_path)


_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
_OK = b"HTTP/1.1 200 "


def get(server: Server, path: str) -> httpx.Response:
    """The response on a connection of its own."""
    return httpx.get(f"http://127.0.0.1:{server.port}{path}", timeout=STOP_SECONDS)


def wait_for_drain(server: Server) -> None:
    wait_until(lambda: get(server, "/readyz").status_code == 503)


@contextmanager
def begun_request(server: Server) -> Iterator[socket.socket]:
    """A connection that has sent the first half of a request."""
    address = ("127.0.0.1", server.port)
    with closing(socket.create_connection(address, timeout=STOP_SECONDS)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        time.sleep(0.2)  # until the worker has it
        yield connection


class TestDrain:
    def test_makes_all_workers_not_ready_at_once(self, serve: Serve) -> None:
        server = serve(**LONG, WAYBILL_WORKERS="2")
        assert [get(server, "/readyz").status_code for _ in range(CONNECTIONS)] == [
            200
        ] * CONNECTIONS

        server.process.terminate()
        wait_for_drain(server)

        answers = [get(server, "/readyz") for _ in range(CONNECTIONS)]
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["error_code"] for answer in answers} == {"draining"}

    def test_serves_all_other_requests_and_closes_their_connections(self, serve: Serve) -> None:
        server = serve(**LONG)
        assert "connection" not in server.client.get("/healthz").headers

        server.process.terminate()
        wait_for_drain(server)

        for path, status in (("/healthz", 200), ("/openapi.json", 200), ("/users/orders/", 401)):
            answer = server.client.get(path)  # a persistent connection, until the server closes it
            assert (answer.status_code, answer.headers["connection"]) == (status, "close")
        assert server.process.poll() is None

    def test_ends_after_its_seconds(self, serve: Serve) -> None:
        server = serve(**SECRET, WAYBILL_DRAIN_SECONDS="1")

        server.process.terminate()

        assert server.process.wait(STOP_SECONDS) == 0
        assert "draining" in server.output.read_text()
        with pytest.raises(httpx.ConnectError):
            get(server, "/healthz")

    def test_finishes_requests_in_flight(self, serve: Serve) -> None:
        server = serve(**SECRET, WAYBILL_DRAIN_SECONDS="1")
        server.process.terminate()
        wait_for_drain(server)

        with begun_request(server) as connection:
            connection.sendall(b"host\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))

        assert answer.startswith(b"HTTP/1.1 200 ")
        assert server.process.wait(STOP_SECONDS) == 0

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_ends_early_after_a_second_signal(self, serve: Serve, number: signal.Signals) -> None:
        server = serve(**LONG)
        server.process.terminate()
        wait_for_drain(server)

        server.process.send_signal(number)

        assert server.process.wait(STOP_SECONDS) == 0

    def test_does_not_begin_with_ctrl_c(self, serve: Serve) -> None:
        server = serve(**LONG)

        os.killpg(server.process.pid, signal.SIGINT)

        assert server.process.wait(STOP_SECONDS) == 0

    def test_begins_with_a_signal_to_all_processes(self, serve: Serve) -> None:
        """As systemd sends it."""
        server = serve(**LONG, WAYBILL_WORKERS="2")
        workers = children_of(server.process.pid)

        os.killpg(server.process.pid, signal.SIGTERM)
        wait_for_drain(server)

        assert {get(server, "/healthz").status_code for _ in range(CONNECTIONS)} == {200}
        assert children_of(server.process.pid) == workers
        server.process.terminate()
        assert server.process.wait(STOP_SECONDS) == 0
        assert "worker_died" not in server.output.read_text()

    def test_continues_when_a_worker_dies(self, serve: Serve) -> None:
        server = serve(**LONG)
        server.process.terminate()
        wait_for_drain(server)
        [worker] = children_of(server.process.pid)

        os.kill(worker, signal.SIGKILL)
        wait_for_another(server.process.pid, {worker})

        assert get(server, "/readyz").status_code == 503
        assert get(server, "/healthz").status_code == 200
        server.process.terminate()
        assert server.process.wait(STOP_SECONDS) == 0


class TestWorker:
    def test_ignores_sigterm_and_sighup(self, serve: Serve) -> None:
        server = serve(**LONG)
        [worker] = children_of(server.process.pid)

        for number in (signal.SIGTERM, signal.SIGHUP):
            os.kill(worker, number)
        time.sleep(0.3)

        assert children_of(server.process.pid) == [worker]
        assert get(server, "/readyz").status_code == 200

    def test_answers_what_had_arrived_before_it_stops(self, serve: Serve) -> None:
        """Even if it had no time to read it, as on a busy machine."""
        server = serve(**SECRET)
        address = ("127.0.0.1", server.port)
        [worker] = children_of(server.process.pid)
        with ExitStack() as stack:
            clients = [
                stack.enter_context(socket.create_connection(address, timeout=STOP_SECONDS))
                for _ in range(CONNECTIONS)
            ]
            for client in clients:
                client.sendall(_REQUEST)
                assert client.recv(65536).startswith(_OK)

            os.kill(worker, signal.SIGSTOP)
            for client in clients:
                client.sendall(_REQUEST)
            server.process.terminate()
            wait_until(lambda: is_pending(worker, FINISH))
            os.kill(worker, signal.SIGCONT)

            assert [client.recv(len(_OK)) for client in clients] == [_OK] * CONNECTIONS
        assert server.process.wait(STOP_SECONDS) == 0

    def test_stops_at_sigterm_without_a_main_process(self, serve: Serve) -> None:
        server = serve(**LONG)
        [worker] = children_of(server.process.pid)
        server.process.kill()
        server.process.wait()
        assert is_running(worker)

        os.kill(worker, signal.SIGTERM)

        wait_until(lambda: not is_running(worker))
