"""The server as a process of its own: it starts, finishes what is in flight, and stops."""

import os
import signal
import socket
import time
from pathlib import Path
from subprocess import PIPE

import pytest

from domain.outbox import OutboxKind
from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from tests.application import Shop
from tests.handlers.desk import Desk
from tests.handlers.mail.events import make_event
from tests.processes import children_of, is_running, wait_until
from tests.server import COMMAND, SECRET, STOP_SECONDS, Serve, Server, start

LOGIN = b'{"email": "nobody@example.com", "password": "wrong password"}'


def begin_login(server: Server) -> socket.socket:
    """A connection on which the first half of a login was sent."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=STOP_SECONDS)
    head = (
        "POST /users/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(LOGIN)}\r\n\r\n"
    )
    connection.sendall(head.encode() + LOGIN[:10])
    time.sleep(0.2)  # until the worker has the request
    return connection


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


def test_a_client_that_never_finishes_does_not_hold_up_the_stop(
    serve: Serve,
) -> None:
    server = serve(**SECRET)
    with begin_login(server):
        server.process.terminate()
        server.process.wait(STOP_SECONDS)


def test_the_demo_shop_is_there_at_the_first_start_and_stays(serve: Serve, tmp_path: Path) -> None:
    credentials = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
    first = serve("--demo")
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


class TestWorkerBeside:
    """`serve --demo` on a shop of one's own, so that none has to be made."""

    @pytest.fixture
    def demo(self, serve: Serve, shop: Shop) -> Server:
        shop.user()
        return serve("--demo")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_delivers_and_ends_with_the_server(
        self, demo: Server, desk: Desk, tmp_path: Path, number: signal.Signals
    ) -> None:
        event = desk.letter(make_event(OutboxKind.TRADE_IN_OFFERED))
        children = children_of(demo.process.pid)
        wait_until((tmp_path / f"var/mail/{event.uuid}.eml").exists)

        demo.process.send_signal(number)

        demo.process.wait(STOP_SECONDS)
        letter = (tmp_path / f"var/mail/{event.uuid}.eml").read_text("utf-8")
        assert f"http://127.0.0.1:{demo.port}/users/order_item/" in letter
        assert len(children) == 2
        assert not any(is_running(child) for child in children)

    def test_does_not_outlive_a_server_that_was_killed(self, demo: Server) -> None:
        worker, *others = children_of(demo.process.pid)

        demo.process.kill()

        try:
            wait_until(lambda: not is_running(worker))
        finally:
            for child in filter(is_running, others):
                os.kill(child, signal.SIGKILL)


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
    tmp_path: Path, code: str, named: str
) -> None:
    process = start(tmp_path, PIPE, code=code, **SECRET)
    complaint, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert named in complaint


def test_a_setting_that_can_not_be_used_stops_the_start(tmp_path: Path) -> None:
    process = start(tmp_path, PIPE, WAYBILL_WORKERS="none", WAYBILL_SECRET="short")
    complaint, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "WAYBILL_WORKERS" in complaint
    assert "WAYBILL_SECRET" in complaint
