"""The main process replaces workers that die, and gives up after too many deaths."""

import os
import signal
import socket
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest

from handlers.serving.restarts import MAX_DEATHS
from tests.support.processes import children_of, wait_for_another, wait_until
from tests.support.server import (
    COMMAND,
    SECRET,
    STOP_SECONDS,
    Serve,
    Server,
    free_port,
    migrated_sqlite,
    start,
)

QUIET = {"WAYBILL_LOG_LEVEL": "WARNING"}
# The exit of each worker before it serves.
FAILING = (
    "import handlers.serving.server as server;"
    " server.watch_connections = lambda *_: __import__('os').{};"
    f" {COMMAND}"
)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Always SQLite: the supervision does not depend on the database."""
    return migrated_sqlite(tmp_path)


def kill_a_worker(server: Server) -> int:
    """Kill the oldest worker, and wait until it has ended."""
    worker = children_of(server.process.pid)[0]
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: worker not in children_of(server.process.pid))
    return worker


class TestDeaths:
    def test_of_one_worker_after_the_other_do_not_end_the_server(self, serve: Serve) -> None:
        server = serve(**SECRET)

        for _ in range(4):
            kill_a_worker(server)
            wait_until(lambda: children_of(server.process.pid))

        assert server.client.get("/readyz").status_code == 200
        assert server.process.poll() is None
        log = server.end()
        assert server.process.returncode == 0
        assert log.count("worker_died") == 4
        assert "SIGKILL" in log

    def test_do_not_affect_the_other_workers(self, serve: Serve) -> None:
        server = serve(**SECRET, WAYBILL_WORKERS="2")
        wait_until(lambda: len(children_of(server.process.pid)) == 2)
        unlucky, other = children_of(server.process.pid)

        for _ in range(3):
            os.kill(unlucky, signal.SIGKILL)
            unlucky = wait_for_another(server.process.pid, {unlucky, other})

        assert other in children_of(server.process.pid)

    def test_make_clients_wait_instead_of_refusing_them(self, serve: Serve) -> None:
        server = serve(**SECRET)
        for _ in range(4):  # after them, the next one waits for 0.8 seconds
            kill_a_worker(server)
            wait_until(lambda: children_of(server.process.pid))

        kill_a_worker(server)

        assert not children_of(server.process.pid)
        server.client.close()
        with closing(socket.create_connection(("127.0.0.1", server.port), STOP_SECONDS)) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")

    def test_end_the_server_if_there_are_too_many(self, tmp_path: Path, database_url: str) -> None:
        """Kills each worker once it runs, with pauses of 10 ms."""
        code = FAILING.format("kill(__import__('os').getpid(), 9)")
        code = f"import handlers.serving.supervisor as s; s._LONGEST_PAUSE_SECONDS = 0.01; {code}"
        env = {"WAYBILL_DATABASE_URL": database_url, "PORT": str(free_port())} | SECRET | QUIET
        process = start(tmp_path, PIPE, code=code, **env)

        log, _ = process.communicate(timeout=60)

        assert process.returncode == 1
        assert log.count("worker_died") == MAX_DEATHS - 1
        assert "workers_die_too_often" in log


class TestStart:
    def test_is_not_repeated_if_it_fails(self, tmp_path: Path, database_url: str) -> None:
        env = {"WAYBILL_DATABASE_URL": database_url, "PORT": str(free_port())} | SECRET | QUIET
        process = start(tmp_path, PIPE, code=FAILING.format("_exit(3)"), **env)

        log, _ = process.communicate(timeout=30)

        assert process.returncode == 1
        assert log.count("worker_can_not_start") == 1
        assert "exit code 3" in log


class TestStop:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_has_exit_code_0_while_a_worker_is_dead(
        self, serve: Serve, number: signal.Signals
    ) -> None:
        server = serve(**SECRET)
        for _ in range(4):
            kill_a_worker(server)
            wait_until(lambda: children_of(server.process.pid))
        kill_a_worker(server)

        server.process.send_signal(number)

        assert server.process.wait(STOP_SECONDS) == 0

    def test_has_exit_code_0_after_ctrl_c_to_all_processes(self, serve: Serve) -> None:
        server = serve(**SECRET)

        os.killpg(server.process.pid, signal.SIGINT)

        assert server.process.wait(STOP_SECONDS) == 0
        assert "worker_died" not in server.output.read_text()
