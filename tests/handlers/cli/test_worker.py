import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from email import message_from_bytes
from email.policy import SMTP
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner

from domain.accounts.sessions import id_hash
from domain.outbox import OutboxStatus
from handlers.cli import database as command_database
from handlers.cli.main import cli
from handlers.mail import transports as delivery
from handlers.settings import Settings
from persistence.database import Database
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients, Shop
from tests.support.notify_sockets import Receiver
from tests.support.operator_commands import DELIVERED, StoredOrders
from tests.support.outbox_events import make_event
from tests.support.processes import wait_until
from tests.support.server import COMMAND
from tests.support.smtp_servers import running, silent

STOP_SECONDS = 10  # it takes at most four


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for e-mails without an SMTP server."""
    monkeypatch.setattr(delivery, "FOLDER", tmp_path / "mail")
    return tmp_path / "mail"


def start(settings: Settings, folder: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """`waybill worker` in a process of its own, with its output in pipes."""
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", COMMAND, "worker", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "WAYBILL_SECRET": settings.secret,
            "WAYBILL_DATABASE_URL": settings.database_url,
            **env,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class TestOnce:
    def test_delivers_all_that_is_due(
        self, waybill: Run, stored_orders: StoredOrders, folder: Path
    ) -> None:
        events = [stored_orders.add_email(make_event()) for _ in range(3)]

        result = waybill("worker", "--once")

        assert (result.exit_code, result.output) == (0, "3 delivered, 0 failed.\n")
        assert {path.stem for path in folder.iterdir()} == {str(event.uuid) for event in events}
        assert {event.status for event in stored_orders.emails()} == {OutboxStatus.DELIVERED}

    def test_counts_what_failed(
        self, waybill: Run, stored_orders: StoredOrders, folder: Path
    ) -> None:
        stored_orders.add_email(make_event(email="invalid"))

        assert waybill("worker", "--once").output == "0 delivered, 1 failed.\n"
        assert stored_orders.emails()[0].last_error == "UnusableAddress"

    def test_reports_a_missing_database(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(command_database, "configure_logs", lambda _: None)
        url = f"sqlite:///{tmp_path}/missing/waybill.sqlite3"
        env = {"WAYBILL_SECRET": settings.secret, "WAYBILL_DATABASE_URL": url}

        result = CliRunner(env=env).invoke(cli, ["worker", "--once"])

        assert result.exit_code == 1
        assert result.output.startswith("Error: The database ")
        assert "missing/waybill.sqlite3 can't be used: there is no such file." in result.output

    @pytest.mark.parametrize(("answer", "state"), [("approve", "approved"), ("reject", "rejected")])
    def test_sends_a_link_to_a_page_with_buttons(
        self,
        waybill: Run,
        stored_orders: StoredOrders,
        folder: Path,
        clients: Clients,
        answer: str,
        state: str,
    ) -> None:
        item = stored_orders.order(**DELIVERED).items[0]
        waybill("trade-ins", "offer", str(item.pk))
        waybill("worker", "--once")
        link, *_ = mailed_links(folder)

        answered = clients.new().post(link, data={"answer": answer})

        assert answered.status_code == 303
        assert clients.new().get(link).json()["state"] == state
        assert stored_orders.emails()[0].kind == f"trade_in_{state}"

    @pytest.mark.parametrize("agent", ["MailScanner", "Mozilla/5.0 (compatible; SafeLinks)"])
    @pytest.mark.parametrize("accept", ["*/*", "text/html,*/*;q=0.8"])
    def test_sends_no_link_that_answers_when_opened(
        self,
        waybill: Run,
        stored_orders: StoredOrders,
        folder: Path,
        clients: Clients,
        agent: str,
        accept: str,
    ) -> None:
        item = stored_orders.order(**DELIVERED).items[0]
        waybill("trade-ins", "offer", str(item.pk))
        waybill("worker", "--once")
        scanner = clients.new()
        scanner.event_hooks = {}  # the contract has no operation for HEAD, which comes with GET
        links = mailed_links(folder)

        for link in links:
            for method in ("HEAD", "GET", "GET"):
                opened = scanner.request(
                    method, link, headers={"User-Agent": agent, "Accept": accept}
                )
                assert opened.status_code == 200

        assert len(links) == 2  # in the text and in the HTML
        assert [event.kind for event in stored_orders.emails()] == ["trade_in_offered"]
        assert scanner.get(links[0]).json()["state"] == "open"


def mailed_links(folder: Path) -> list[str]:
    """All links in the parts of the only e-mail, without the host."""
    [file] = folder.iterdir()
    message = message_from_bytes(file.read_bytes(), policy=SMTP)
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return [
        unescape(link)
        for part in parts
        for link in re.findall(r"http://127\.0\.0\.1:8000([^\s\"<>]+)", part)
    ]


class TestProcess:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_delivers_new_e_mails_until_it_is_stopped(
        self,
        settings: Settings,
        stored_orders: StoredOrders,
        tmp_path: Path,
        number: signal.Signals,
    ) -> None:
        stored_orders.add_email(make_event())
        worker = start(settings, tmp_path)
        wait_until(lambda: list(tmp_path.glob("var/mail/*.eml")))
        stored_orders.add_email(make_event())
        wait_until(lambda: len(list(tmp_path.glob("var/mail/*.eml"))) == 2)

        worker.send_signal(number)

        printed, _ = worker.communicate(timeout=STOP_SECONDS)
        assert (worker.returncode, printed) == (0, "2 delivered, 0 failed.\n")

    def test_removes_what_has_expired(
        self, settings: Settings, shop: Shop, database: Database, tmp_path: Path
    ) -> None:
        value = shop.session(shop.user(), days=-1)

        def is_gone() -> bool:
            with database.reading() as uow:
                return uow.sessions.owner(id_hash(value)) is None

        assert not is_gone()
        worker = start(settings, tmp_path)
        wait_until(is_gone)
        worker.terminate()
        worker.communicate(timeout=STOP_SECONDS)
        assert worker.returncode == 0

    def test_stops_in_time_while_the_mail_server_hangs(
        self, settings: Settings, stored_orders: StoredOrders, tmp_path: Path
    ) -> None:
        stored_orders.add_email(make_event())
        with silent() as port:
            worker = start(settings, tmp_path, WAYBILL_SMTP_URL=f"smtp://127.0.0.1:{port}")
            wait_until(
                lambda: stored_orders.emails()[0].due_date > stored_orders.emails()[0].created_date
            )
            worker.terminate()

            _, logged = worker.communicate(timeout=STOP_SECONDS)

        [event] = stored_orders.emails()
        assert worker.returncode == 0
        assert (event.status, event.attempts) == (OutboxStatus.PENDING, 0)
        assert "ayse" not in logged

    def test_finishes_the_email_in_flight(
        self, settings: Settings, stored_orders: StoredOrders, tmp_path: Path
    ) -> None:
        for _ in range(2):
            stored_orders.add_email(make_event())
        with running() as server:
            server.may_reply.clear()
            worker = start(settings, tmp_path, WAYBILL_SMTP_URL=f"smtp://127.0.0.1:{server.port}")
            wait_until(server.has_email.is_set)

            worker.terminate()
            server.may_reply.set()

            printed, _ = worker.communicate(timeout=STOP_SECONDS)
        assert (worker.returncode, printed) == (0, "1 delivered, 0 failed.\n")
        assert len(server.emails) == 1

    def test_updates_its_file_while_it_is_not_stuck(
        self, settings: Settings, stored_orders: StoredOrders, tmp_path: Path
    ) -> None:
        alive = tmp_path / "alive"
        long_ago = 60.0

        def is_updated() -> bool:
            return alive.stat().st_mtime > long_ago

        with running() as server:
            url = f"smtp://127.0.0.1:{server.port}"
            arguments = ["--alive-file", str(alive)]
            worker = start(settings, tmp_path, *arguments, WAYBILL_SMTP_URL=url)
            wait_until(alive.exists)
            os.utime(alive, (long_ago, long_ago))
            wait_until(is_updated)

            server.may_reply.clear()
            stored_orders.add_email(make_event())
            wait_until(server.has_email.is_set)
            os.utime(alive, (long_ago, long_ago))
            assert not is_updated()
            server.may_reply.set()
            wait_until(is_updated)

            worker.terminate()
            worker.communicate(timeout=STOP_SECONDS)
        assert worker.returncode == 0

    def test_names_a_file_that_it_can_t_update(self, settings: Settings, tmp_path: Path) -> None:
        alive = tmp_path / "missing" / "alive"
        worker = start(settings, tmp_path, "--alive-file", str(alive))

        _, logged = worker.communicate(timeout=60)

        assert worker.returncode == 1
        assert f"Error: Can't use {alive}: No such file or directory." in logged

    def test_reports_to_its_service_manager(self, settings: Settings, tmp_path: Path) -> None:
        with closing(Receiver(str(tmp_path / "notify"))) as notifier:
            worker = start(settings, tmp_path, NOTIFY_SOCKET=notifier.name, WATCHDOG_USEC="1000000")
            seen: list[str] = []

            def has(message: str) -> bool:
                seen.extend(notifier.messages())
                return message in seen

            wait_until(lambda: has("READY=1\nSTATUS=Delivering e-mails."))
            wait_until(lambda: has("WATCHDOG=1"))

            worker.terminate()
            worker.communicate(timeout=STOP_SECONDS)
            assert has("STOPPING=1")
