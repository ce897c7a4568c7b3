"""The outbox worker of `waybill serve --demo`."""

import os
import signal
from pathlib import Path

import pytest

from domain.outbox import OutboxKind
from tests.support.application import Shop
from tests.support.operator_commands import StoredOrders
from tests.support.outbox_events import make_event
from tests.support.processes import children_of, is_running, wait_for_another, wait_until
from tests.support.server import STOP_SECONDS, Serve, Server


class TestDemoWorker:
    """`serve --demo` on a database with rows, so that it loads no demo shop."""

    @pytest.fixture
    def demo(self, serve: Serve, shop: Shop) -> Server:
        shop.user()
        return serve("--demo")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_delivers_and_ends_with_the_server(
        self, demo: Server, stored_orders: StoredOrders, tmp_path: Path, number: signal.Signals
    ) -> None:
        event = stored_orders.add_email(make_event(OutboxKind.TRADE_IN_OFFERED))
        children = children_of(demo.process.pid)
        wait_until((tmp_path / f"var/mail/{event.uuid}.eml").exists)

        demo.process.send_signal(number)

        demo.process.wait(STOP_SECONDS)
        message = (tmp_path / f"var/mail/{event.uuid}.eml").read_text("utf-8")
        assert f"http://127.0.0.1:{demo.port}/users/order_item/" in message
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

    def test_is_replaced_when_it_dies(
        self, demo: Server, stored_orders: StoredOrders, tmp_path: Path
    ) -> None:
        worker, other = children_of(demo.process.pid)
        for _ in range(3):
            os.kill(worker, signal.SIGKILL)
            worker = wait_for_another(demo.process.pid, {worker, other})

        event = stored_orders.add_email(make_event(OutboxKind.TRADE_IN_OFFERED))

        wait_until((tmp_path / f"var/mail/{event.uuid}.eml").exists)
        assert demo.client.get("/readyz").status_code == 200
        demo.process.terminate()
        assert demo.process.wait(STOP_SECONDS) == 0
        assert not is_running(worker)
        assert demo.output.read_text().count("worker_beside_died") == 3

    def test_is_not_replaced_after_it_was_stopped(self, demo: Server) -> None:
        worker, other = children_of(demo.process.pid)

        os.kill(worker, signal.SIGTERM)

        wait_until(lambda: children_of(demo.process.pid) == [other])
        assert demo.client.get("/readyz").status_code == 200
        assert "worker_beside_died" not in demo.end()

    def test_builds_links_with_the_port_of_the_server(self, demo: Server, shop: Shop) -> None:
        user, token = shop.user(), shop.shop_token()
        headers = {"Authorization": f"Bearer {token}"}

        answer = demo.client.post("/users/handover/", json={"email": user.email}, headers=headers)

        assert answer.json()["url"].startswith(f"http://127.0.0.1:{demo.port}/users/handover/")
