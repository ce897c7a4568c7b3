"""`waybill serve --sandbox` as a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from handlers.cli.main import cli
from tests.support.processes import is_running, wait_until
from tests.support.server import STOP_SECONDS, Server, free_port, start

CONFIGURATION = Path(__file__).parents[3] / "examples" / "contract-tests" / "schemathesis.toml"

Sandboxes = Callable[[], "Sandbox"]


class Sandbox(Server):
    """A running sandbox, with its working folder and the folder for temporary files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.temporary = folder / "work", folder / "temporary"
        self.folder.mkdir()
        self.temporary.mkdir()
        self.port = free_port()
        self.output = folder / "output.txt"
        with self.output.open("w") as output:
            self.process = start(
                self.folder,
                output,
                "--sandbox",
                "--port",
                str(self.port),
                TMPDIR=str(self.temporary),
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}")
        self.wait_until_ready()

    @property
    def files(self) -> list[Path]:
        """The contents of both folders."""
        return [*self.folder.iterdir(), *self.temporary.iterdir()]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path)
    yield sandbox
    sandbox.end()


class TestServeSandbox:
    def test_prints_how_to_use_it_and_removes_its_files(self, sandbox: Sandbox) -> None:
        state = sandbox.client.get("/sandbox/").json()
        assert [folder.name[:16] for folder in sandbox.files] == ["waybill-sandbox-"]

        printed = sandbox.end()

        for text in (state["shopper"]["password"], state["seller"]["token"], "/sandbox/reset/"):
            assert text in printed
        assert str(sandbox.client.base_url).rstrip("/") in printed
        assert sandbox.files == []

    def test_removes_its_files_when_it_is_killed(self, sandbox: Sandbox) -> None:
        os.kill(sandbox.process.pid, signal.SIGKILL)
        sandbox.process.wait()

        wait_until(lambda: not sandbox.files)

        assert not is_running(sandbox.process.pid)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{sandbox.port}/healthz")

    def test_ends_with_its_terminal(self, sandbox: Sandbox) -> None:
        """SIGHUP reloads other servers, but a sandbox would lose its state."""
        sandbox.process.send_signal(signal.SIGHUP)

        assert sandbox.process.wait(STOP_SECONDS) == 0
        assert sandbox.files == []

    def test_drops_connections(self, sandbox: Sandbox) -> None:
        failure = {"operation_id": "checkLiveness", "kind": "dropped"}
        sandbox.client.post("/sandbox/failures/", json=failure).raise_for_status()

        with pytest.raises(httpx.RemoteProtocolError):
            sandbox.client.get("/healthz")
        assert sandbox.client.get("/healthz").status_code == 200


class TestRefusals:
    def test_a_configured_database_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WAYBILL_DATABASE_URL", "sqlite:///shop.sqlite3")

        result = CliRunner().invoke(cli, ["serve", "--sandbox"])

        assert result.exit_code == 1
        assert "WAYBILL_DATABASE_URL" in result.output

    def test_the_demo_shop_is_refused(self) -> None:
        result = CliRunner().invoke(cli, ["serve", "--sandbox", "--demo"])

        assert result.exit_code == 2
        assert "exclude" in result.output


class TestSchemathesis:
    """From the command line, as docs/guides/sandbox.md runs it."""

    @pytest.mark.parametrize("name", ["listSellerOrders", "listUserOrders"])
    def test_finds_nothing_with_the_configuration_for_clients(
        self, sandbox: Sandbox, tmp_path: Path, name: str
    ) -> None:
        state = sandbox.client.get("/sandbox/").json()
        environment = {
            **os.environ,
            "WAYBILL_SESSION_KEY": state["shopper"]["session_key"],
            "WAYBILL_SELLER_TOKEN": state["seller"]["token"],
            "WAYBILL_SHOP_TOKEN": state["shop"]["token"],
        }
        command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file"]
        command += [str(CONFIGURATION), "run", f"http://127.0.0.1:{sandbox.port}/openapi.full.json"]
        command += ["--include-operation-id", name, "--max-examples", "5", "--seed", "1"]
        command += ["--phases", "examples,fuzzing", "--no-color"]

        result = subprocess.run(  # noqa: S603 - ours
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

        assert result.returncode == 0, result.stdout[-5000:] + result.stderr
        assert re.search(r"[1-9]\d* generated, [1-9]\d* passed", result.stdout)
