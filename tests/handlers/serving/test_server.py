"""The server in a process of its own: it starts, finishes requests in flight, and stops."""

import signal
import socket
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from subprocess import PIPE

import pytest

from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from tests.support.server import (
    COMMAND,
    SECRET,
    STOP_SECONDS,
    Serve,
    Server,
    migrated_sqlite,
    start,
)

LOGIN = b'{"email": "unknown@example.com", "password": "wrong password"}'


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Always SQLite: starts and stops do not depend on the database."""
    return migrated_sqlite(tmp_path)


def connect(server: Server) -> socket.socket:
    """A connection without any data."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=2 * STOP_SECONDS)


def begin_login(server: Server) -> socket.socket:
    """A connection that has sent the first half of a login."""
    connection = connect(server)
    head = (
        "POST /users/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(LOGIN)}\r\n\r\n"
    )
    connection.sendall(head.encode() + LOGIN[:10])
    time.sleep(0.2)  # until the worker has the request
    return connection


def test_clients_that_are_too_slow_are_disconnected(serve: Serve) -> None:
    """Half a body, half a head and no data, at the same time: each has ten seconds."""
    server = serve(**SECRET)
    began = time.monotonic()
    with begin_login(server) as half, connect(server) as head, connect(server) as silent:
        head.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        answers = [
            b"".join(iter(partial(client.recv, 65536), b"")) for client in (half, head, silent)
        ]
    assert time.monotonic() - began < 15
    assert answers[0].startswith(b"HTTP/1.1 408 ")
    assert b"request_timeout" in answers[0]
    assert answers[1:] == [b"", b""]


def test_a_client_that_sends_nothing_is_disconnected_sooner(serve: Serve) -> None:
    """After five seconds; a head has ten."""
    server = serve(**SECRET)
    began = time.monotonic()
    with connect(server) as silent:
        assert silent.recv(1) == b""
    assert time.monotonic() - began < 8


def test_an_address_has_a_maximum_of_connections(serve: Serve) -> None:
    server = serve(**SECRET, WAYBILL_CONNECTIONS_PER_ADDRESS="3")
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(5)]
        for client in clients:
            client.sendall(b"G")
        time.sleep(2.5)
        assert sum(map(was_closed, clients)) == 2
    assert "too_many_connections_of_an_address" in server.output.read_text()


def test_an_address_behind_a_trusted_proxy_has_no_maximum(serve: Serve) -> None:
    server = serve(**SECRET, WAYBILL_CONNECTIONS_PER_ADDRESS="3", WAYBILL_TRUSTED_PROXIES="1")
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(5)]
        for client in clients:
            client.sendall(b"G")
        time.sleep(2.5)
        assert not any(map(was_closed, clients))


def was_closed(client: socket.socket) -> bool:
    client.settimeout(0.05)
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_finishes_the_request_in_flight_and_stops(serve: Serve, number: signal.Signals) -> None:
    server = serve(**SECRET)
    with begin_login(server) as connection:
        server.process.send_signal(number)
        time.sleep(0.3)
        connection.sendall(LOGIN[10:])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"login_failed" in answer
    server.process.wait(STOP_SECONDS)


def test_a_client_that_never_finishes_does_not_delay_the_stop(
    serve: Serve,
) -> None:
    server = serve(**SECRET)
    with begin_login(server):
        server.process.terminate()
        server.process.wait(STOP_SECONDS)


def test_the_demo_shop_is_created_at_the_first_start_and_stays(
    serve: Serve, tmp_path: Path
) -> None:
    credentials = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
    first = serve("--demo")
    assert f"<dd>{DEMO_PASSWORD}</dd>" in first.client.get("/users/login/").text
    assert first.client.post("/users/login/", json=credentials).status_code == 200
    count = first.client.get("/users/orders/").json()["count"]
    session = first.client.cookies["sessionid"]
    printed = first.end()
    assert "Filling the demo shop" in printed
    assert f"{DEMO_EMAIL}, password {DEMO_PASSWORD}" in printed
    assert (tmp_path / "var/secret").stat().st_mode & 0o777 == 0o600
    second = serve("--demo")
    second.client.cookies.set("sessionid", session)
    assert second.client.get("/users/orders/").json()["count"] == count >= 25
    assert "Filling the demo shop" not in second.end()


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (
            f"import handlers.orders.orders; del handlers.orders.orders.get_user_order; {COMMAND}",
            (
                "orders/orders.yaml#/paths/~1users~1orders~1{pk}~1/get: operationId getUserOrder"
                " has no handler handlers.orders.orders.get_user_order"
            ),
        ),
        (
            (
                "from handlers.contract.document import bundle; import pathlib;"
                f"bundle.load_contract.__defaults__ = (pathlib.Path('nowhere'),); {COMMAND}"
            ),
            "openapi.yaml#",
        ),
    ],
)
def test_an_invalid_contract_prevents_the_start(tmp_path: Path, code: str, named: str) -> None:
    process = start(tmp_path, PIPE, code=code, **SECRET)
    complaint, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert named in complaint


def test_an_invalid_setting_prevents_the_start(tmp_path: Path) -> None:
    process = start(tmp_path, PIPE, WAYBILL_WORKERS="none", WAYBILL_SECRET="short")
    complaint, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "WAYBILL_WORKERS" in complaint
    assert "WAYBILL_SECRET" in complaint


def test_a_guessable_secret_prevents_the_start(tmp_path: Path) -> None:
    process = start(tmp_path, PIPE, WAYBILL_SECRET="s" * 32)
    complaint, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "WAYBILL_SECRET can be guessed" in complaint
    assert "ssss" not in complaint


def test_a_guessable_secret_is_accepted_for_the_demo_shop(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        process = start(tmp_path, PIPE, "--demo", PORT=port, WAYBILL_SECRET="s" * 32)
        complaint, _ = process.communicate(timeout=30)
    assert "Can't listen" in complaint


def test_a_port_in_use_prevents_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = start(tmp_path, PIPE, "--demo", PORT=str(port), **SECRET)
        complaint, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Can't listen on 127.0.0.1:{port}: Address already in use." in complaint
    assert not (tmp_path / "var/waybill.sqlite3").exists()
