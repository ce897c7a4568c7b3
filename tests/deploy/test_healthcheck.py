"""The health check says whether the server is ready, or the worker alive."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.deploy.deployed_files import DEPLOY

READY, NOT_READY = 200, 503


class Readiness(BaseHTTPRequestHandler):
    status = READY

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Readiness) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def check(port: int, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, DEPLOY / "healthcheck.py", *arguments],
        env={"WAYBILL_PORT": str(port), "http_proxy": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("status", "expected"), [(READY, (0, "")), (NOT_READY, (1, "/readyz: 503\n"))]
)
def test_a_server_is_healthy_when_it_is_ready(
    server: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    expected: tuple[int, str],
) -> None:
    monkeypatch.setattr(Readiness, "status", status)

    assert check(server.server_port) == expected


def test_without_a_server_the_check_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    exit_code, text = check(port)

    assert exit_code == 1
    assert "refused" in text


@pytest.mark.parametrize(("age", "is_healthy"), [(0, True), (240, True), (400, False)])
def test_a_worker_is_healthy_while_it_updates_its_file(
    tmp_path: Path, age: int, is_healthy: bool
) -> None:
    alive = tmp_path / "alive"
    alive.touch()
    then = time.time() - age
    os.utime(alive, (then, then))

    exit_code, text = check(0, str(alive))

    assert exit_code == (not is_healthy)
    assert ("alive: not updated for 40" in text) == (not is_healthy)


def test_a_worker_without_its_file_is_not_healthy(tmp_path: Path) -> None:
    exit_code, text = check(0, str(tmp_path / "alive"))

    assert exit_code == 1
    assert "No such file" in text
