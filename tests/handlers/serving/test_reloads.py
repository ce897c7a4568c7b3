"""SIGHUP: new workers with new code replace the old ones, in the same main process."""

import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from handlers.auth.session_cookies import new_csrf_token
from handlers.serving import reloads
from handlers.settings import Settings
from persistence.database import Database
from tests.support.application import Shop
from tests.support.fakes import fake_renderers
from tests.support.notify_sockets import Receiver
from tests.support.processes import children_of, wait_until
from tests.support.server import COMMAND, SECRET, STOP_SECONDS, Serve, Server, migrated_sqlite

# So that clients have time to leave; none of the tests waits for its end.
PATIENT = {"WAYBILL_DRAIN_SECONDS": "60"} | SECRET
# The program starts twice, then the workers: seconds on an idle machine, a minute on a busy one.
RELOAD_SECONDS = 120
# A part of the program, which changes while it runs.
RELEASE = "release.py"
CODE = f"import sys; sys.path.insert(0, '.'); import release; {COMMAND}"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Always SQLite: a reload does not depend on the database."""
    return migrated_sqlite(tmp_path)


def install(folder: Path, release: str) -> None:
    """Make ``release`` the code that the next start of the program runs."""
    (folder / RELEASE).write_text(f"print({release!r}, flush=True)\n")


def reload(server: Server) -> None:
    """Send SIGHUP, and wait until other workers have replaced all present ones."""
    before = set(children_of(server.process.pid))
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: has_other_workers(server, before), RELOAD_SECONDS)


def has_other_workers(server: Server, before: set[int]) -> bool:
    children = set(children_of(server.process.pid))
    return not children & before and len(children) == len(before)


class TestReload:
    def test_replaces_all_workers_in_the_same_process(self, serve: Serve) -> None:
        server = serve(**PATIENT, WAYBILL_WORKERS="2")
        wait_until(lambda: len(children_of(server.process.pid)) == 2)
        server.client.close()

        reload(server)

        assert httpx.get(f"http://127.0.0.1:{server.port}/readyz").status_code == 200
        assert server.process.poll() is None

    def test_runs_new_code(self, serve: Serve, tmp_path: Path) -> None:
        install(tmp_path, "the first release")
        server = serve(**PATIENT, code=CODE)
        server.client.close()
        install(tmp_path, "the second release")

        reload(server)

        assert "the second release" in server.output.read_text()
        reload(server)  # again, from the state that it left

    def test_reads_the_files_of_secrets_again(
        self, serve: Serve, tmp_path: Path, database_url: str
    ) -> None:
        database = Database(database_url, renderers=fake_renderers())
        shop = Shop(database)
        session = shop.session(shop.user())
        database.close()
        first, second = (f"the {number} of two secrets for a server" for number in ("1st", "2nd"))
        token = new_csrf_token(session, Settings(secret=second))
        headers = {"Cookie": f"sessionid={session}; csrftoken={token}", "X-CSRFToken": token}
        file = tmp_path / "secret"
        file.write_text(first)
        server = serve(WAYBILL_SECRET_FILE=str(file))
        server.client.close()

        def log_out() -> int:
            url = f"http://127.0.0.1:{server.port}/users/logout/"
            return httpx.post(url, headers=headers).status_code

        assert log_out() == 403
        file.write_text(second)
        reload(server)

        assert log_out() == 204

    def test_changes_nothing_if_the_program_can_not_start(
        self, serve: Serve, tmp_path: Path
    ) -> None:
        install(tmp_path, "the first release")
        server = serve(**PATIENT, code=CODE)
        workers = children_of(server.process.pid)
        (tmp_path / RELEASE).write_text("raise ValueError('a bad release')")

        server.process.send_signal(signal.SIGHUP)

        wait_until(lambda: "reload_refused" in server.output.read_text(), RELOAD_SECONDS)
        assert "a bad release" in server.output.read_text()
        assert children_of(server.process.pid) == workers
        assert server.client.get("/readyz").status_code == 200

    def test_keeps_persistent_connections_until_their_next_response(self, serve: Serve) -> None:
        server = serve(**PATIENT)
        [before] = children_of(server.process.pid)
        server.client.close()
        address = ("127.0.0.1", server.port)
        with closing(socket.create_connection(address, STOP_SECONDS)) as client:

            def is_last() -> bool:
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = client.recv(65536)
                assert answer.startswith(b"HTTP/1.1 200 ")
                return b"connection: close" in answer

            assert not is_last()
            server.process.send_signal(signal.SIGHUP)
            wait_until(is_last, RELOAD_SECONDS)
            assert client.recv(1) == b""

        wait_until(lambda: before not in children_of(server.process.pid), RELOAD_SECONDS)

    def test_is_abandoned_after_sigterm(self, serve: Serve) -> None:
        server = serve(**SECRET)
        server.process.send_signal(signal.SIGHUP)

        server.process.terminate()

        assert server.process.wait(RELOAD_SECONDS) == 0

    def test_continues_after_a_worker_dies(self, serve: Serve) -> None:
        server = serve(**PATIENT, WAYBILL_WORKERS="2")
        wait_until(lambda: len(children_of(server.process.pid)) == 2)
        server.client.close()
        before = set(children_of(server.process.pid))

        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(children_of(server.process.pid)) == 3)  # the check of the program
        os.kill(min(before), signal.SIGKILL)

        wait_until(lambda: has_other_workers(server, before), RELOAD_SECONDS)
        assert httpx.get(f"http://127.0.0.1:{server.port}/readyz").status_code == 200


class TestRefusal:
    """Where the program is gone, the server goes on."""

    def refused(self, serve: Serve, program: str) -> bool:
        """Whether a server that would run ``program`` again refuses to, and serves."""
        server = serve(**SECRET, code=f"import sys; sys.orig_argv[:] = [{program!r}]; {COMMAND}")
        workers = children_of(server.process.pid)

        server.process.send_signal(signal.SIGHUP)

        wait_until(lambda: "reload_refused" in server.output.read_text(), RELOAD_SECONDS)
        still = children_of(server.process.pid) == workers
        answers = server.client.get("/readyz").status_code == 200
        server.process.terminate()
        return still and answers and server.process.wait(STOP_SECONDS) == 0

    def test_is_logged_if_the_check_can_not_start(self, serve: Serve) -> None:
        assert self.refused(serve, "/nowhere")

    def test_is_logged_if_the_program_can_not_run(self, serve: Serve, tmp_path: Path) -> None:
        program = tmp_path / "vanishing"
        program.write_text('#!/bin/sh\nrm "$0"\n')
        program.chmod(0o755)

        assert self.refused(serve, str(program))


class TestPredecessor:
    def test_is_stopped_and_then_killed_if_it_does_not_leave(self) -> None:
        pid = os.fork()
        if not pid:
            for number in (signal.SIGUSR1, signal.SIGINT):
                signal.signal(number, lambda *_: None)
            while True:
                signal.pause()
        predecessor = reloads.Predecessor(pid, leave_seconds=0.1, stop_seconds=0.2)
        assert not predecessor.has_ended()

        predecessor.leave()

        wait_until(predecessor.has_ended)

    def test_has_ended_if_its_process_is_gone(self) -> None:
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)

        assert reloads.Predecessor(pid, 1, 1).has_ended()


class TestServiceManager:
    def test_is_notified_of_every_step(self, serve: Serve, tmp_path: Path) -> None:
        receiver = Receiver(str(tmp_path / "notify"))
        messages: list[str] = []

        def has(line: str) -> bool:
            messages.extend(line for text in receiver.messages() for line in text.split("\n"))
            return line in messages

        with closing(receiver):
            server = serve(
                **SECRET,
                NOTIFY_SOCKET=receiver.name,
                WATCHDOG_USEC="2000000",
                WAYBILL_DRAIN_SECONDS="1",
                WAYBILL_WORKERS="2",
            )
            server.client.close()
            wait_until(lambda: has("READY=1"))
            assert "STATUS=Serving, with 2 workers." in messages
            wait_until(lambda: has("WATCHDOG=1"))
            messages.clear()

            reload(server)
            wait_until(lambda: has("READY=1"), RELOAD_SECONDS)
            assert messages.index("RELOADING=1") < messages.index("READY=1")

            server.process.terminate()
            server.process.wait(STOP_SECONDS)
            assert has("STOPPING=1")
            assert has("STATUS=Draining.")
