"""The server as a process of its own: it starts, finishes what is in flight, and stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD

COMMAND = "from handlers.cli.main import cli; cli()"
SECRET = {"WAYBILL_SECRET": "a secret of thirty-two characters"}
LOGIN = b'{"email": "nobody@example.com", "password": "wrong password"}'
STOP_SECONDS = 10  # it takes three; granian by itself would wait for half a minute


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def start(folder: Path, *arguments: str, code: str = COMMAND, **env: str) -> subprocess.Popen[str]:
    """`waybill serve` with its output in pipes; ``folder`` is where it runs."""
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, "serve", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Server:
    """A running `waybill serve`."""

    def __init__(self, folder: Path, database_url: str, *arguments: str, **env: str) -> None:
        self.port = free_port()
        self.process = start(
            folder, *arguments, PORT=str(self.port), WAYBILL_DATABASE_URL=database_url, **env
        )
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

    def begin_login(self) -> socket.socket:
        """A connection on which the first half of a login was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=STOP_SECONDS)
        head = (
            "POST /users/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(LOGIN)}\r\n\r\n"
        )
        connection.sendall(head.encode() + LOGIN[:10])
        time.sleep(0.2)  # until the worker has the request
        return connection

    def end(self) -> tuple[str, str]:
        """Stop it, whatever it does, and return what it printed."""
        self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.communicate(timeout=2 * STOP_SECONDS)
        finally:
            self.process.kill()


@pytest.fixture
def serve(tmp_path: Path, database_url: str) -> Iterator[Callable[..., Server]]:
    """Starts servers on the database of the test; they end with it."""
    servers: list[Server] = []

    def served(*arguments: str, **env: str) -> Server:
        servers.append(Server(tmp_path, database_url, *arguments, **env))
        servers[-1].wait_until_ready()
        return servers[-1]

    yield served
    for server in servers:
        server.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_finishes_the_request_in_flight_and_stops(
    serve: Callable[..., Server], number: signal.Signals
) -> None:
    server = serve(**SECRET)
    with server.begin_login() as connection:
        server.process.send_signal(number)
        time.sleep(0.3)
        connection.sendall(LOGIN[10:])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"login_failed" in answer
    server.process.wait(STOP_SECONDS)


def test_a_client_that_never_finishes_does_not_hold_up_the_stop(
    serve: Callable[..., Server],
) -> None:
    server = serve(**SECRET)
    with server.begin_login():
        server.process.terminate()
        server.process.wait(STOP_SECONDS)


def test_the_demo_shop_is_there_at_the_first_start_and_stays(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    credentials = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
    first = serve("--demo")
    assert first.client.post("/users/login/", json=credentials).status_code == 200
    count = first.client.get("/users/orders/").json()["count"]
    session = first.client.cookies["sessionid"]
    printed, _ = first.end()
    assert "Filling the demo shop" in printed
    assert f"{DEMO_EMAIL}, password {DEMO_PASSWORD}" in printed
    assert (tmp_path / "var/secret").stat().st_mode & 0o777 == 0o600
    second = serve("--demo")
    second.client.cookies.set("sessionid", session)
    assert second.client.get("/users/orders/").json()["count"] == count >= 25
    assert "Filling the demo shop" not in second.end()[0]


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (
            f"import handlers.orders; del handlers.orders.get_user_order; {COMMAND}",
            (
                "orders.yaml#/paths/~1users~1orders~1{pk}~1/get: operationId getUserOrder has no"
                " handler handlers.orders.get_user_order"
            ),
        ),
        (
            (
                "from handlers.contract import bundle; import pathlib;"
                f"bundle.load_contract.__defaults__ = (pathlib.Path('nowhere'),); {COMMAND}"
            ),
            "openapi.yaml#",
        ),
    ],
)
def test_a_contract_that_can_not_be_served_stops_the_start(
    tmp_path: Path, database_url: str, code: str, named: str
) -> None:
    process = start(tmp_path, code=code, WAYBILL_DATABASE_URL=database_url, **SECRET)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert named in complaint


def test_a_setting_that_can_not_be_used_stops_the_start(tmp_path: Path) -> None:
    process = start(tmp_path, WAYBILL_WORKERS="none", WAYBILL_SECRET="short")
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "WAYBILL_WORKERS" in complaint
    assert "WAYBILL_SECRET" in complaint
