"""`waybill serve` as a process, for tests that need a real server."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from persistence.database import Database
from tests.support.fakes import fake_renderers

COMMAND = "from handlers.cli.main import cli; cli()"
# Most tests need no proxy to notice that a server stops.
NO_DRAIN = {"WAYBILL_DRAIN_SECONDS": "0"}
SECRET = {"WAYBILL_SECRET": "a secret of thirty-two characters"}
STOP_SECONDS = 10  # it takes three; granian's default would be thirty


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def migrated_sqlite(folder: Path) -> str:
    """The URL of a new SQLite database in ``folder``, for tests that do not depend on its kind."""
    url = f"sqlite:///{folder}/waybill.sqlite3"
    database = Database(url, renderers=fake_renderers())
    database.migrate()
    database.close()
    return url


def start(
    folder: Path,
    output: int | IO[str],
    *arguments: str,
    command: str = "serve",
    code: str = COMMAND,
    **env: str,
) -> subprocess.Popen[str]:
    """Start a command of `waybill` in ``folder``, with its output in ``output``."""
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, command, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | NO_DRAIN | env,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # one signal for it and its workers
    )


class Server:
    """A running `waybill serve`, on a free port unless ``env`` has a PORT."""

    def __init__(self, folder: Path, database_url: str, *arguments: str, **env: str) -> None:
        self.port = int(env.get("PORT", "0")) or free_port()
        # A file, since a full pipe would block the server.
        self.output = folder / f"{self.port}.txt"
        env |= {"PORT": str(self.port), "WAYBILL_DATABASE_URL": database_url}
        with self.output.open("a") as output:
            self.process = start(folder, output, *arguments, **env)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}")

    def wait_until_ready(self) -> None:
        for _ in range(1200):
            try:
                assert self.client.get("/readyz").status_code == 200
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the server is not ready")

    def end(self) -> str:
        """Stop the server, by SIGKILL if necessary, and return its output."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # without a drain
        try:
            self.process.wait(2 * STOP_SECONDS)
        finally:
            self.process.kill()
        return self.output.read_text()

    def kill(self) -> None:
        """Kill the server and its workers, as a crash of the machine would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path, database_url: str) -> Iterator[Serve]:
    """Starts servers on the database of the test; they end with it."""
    servers: list[Server] = []

    def served(*arguments: str, **env: str) -> Server:
        servers.append(Server(tmp_path, database_url, *arguments, **env))
        servers[-1].wait_until_ready()
        return servers[-1]

    yield served
    for server in servers:
        server.end()
