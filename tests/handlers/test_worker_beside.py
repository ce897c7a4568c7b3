"""The worker that the demo server runs beside it."""

import os
import signal
from pathlib import Path

import pytest

from domain.outbox import OutboxKind
from tests.application import Shop
from tests.handlers.desk import Desk
from tests.handlers.mail.events import make_event
from tests.processes import children_of, is_running, wait_until
from tests.server import STOP_SECONDS, Serve, Server


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
