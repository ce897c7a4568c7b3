"""deploy/rolling restarts servers one at a time, and stops at the first that is not ready."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROLLING = Path(__file__).parents[2] / "deploy" / "rolling"
QUICK = ("--settle", "0", "--timeout", "2")


class FakeServer:
    """Is ready until the server ``breaks_with`` is restarted; ``command`` notes its restart."""

    def __init__(self, stack: ExitStack, log: Path, name: str) -> None:
        self.breaks_with = "nothing"
        self.command = f"echo {name} >> {log}"
        self._log = log
        own = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/readyz" and own.is_ready else 503)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        thread = Thread(target=server.serve_forever)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    @property
    def is_ready(self) -> bool:
        return self.breaks_with not in ["", *self._log.read_text().split()]


class Fleet:
    """Three servers, and a log of their restarts."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.log = folder / "restarts"
        self.log.touch()
        self.servers = [FakeServer(stack, self.log, name) for name in "abc"]

    @property
    def restarts(self) -> list[str]:
        return self.log.read_text().split()

    def roll(self, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        named = [
            part for server in self.servers for part in ("--command", server.url, server.command)
        ]
        return run(*options, *named, **environment)


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own script
        [ROLLING, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with ExitStack() as stack:
        yield Fleet(stack, tmp_path)


def test_all_servers_are_restarted_in_their_order(fleet: Fleet) -> None:
    result = fleet.roll(*QUICK)

    assert result.returncode == 0, result.stderr
    assert fleet.restarts == ["a", "b", "c"]
    lines = result.stdout.splitlines()
    assert f"1/3  {fleet.servers[0].url}: restarting" in lines[0]
    assert "All 3 servers were restarted" in lines[-1]


def test_nothing_is_restarted_while_another_server_is_not_ready(fleet: Fleet) -> None:
    fleet.servers[2].breaks_with = ""

    result = fleet.roll(*QUICK)

    assert result.returncode == 1
    assert fleet.restarts == []
    assert f"{fleet.servers[2].url} is not ready: nothing more is restarted." in result.stderr


def test_a_server_that_does_not_become_ready_is_the_last(fleet: Fleet) -> None:
    fleet.servers[1].breaks_with = "b"

    result = fleet.roll(*QUICK)

    assert result.returncode == 1
    assert fleet.restarts == ["a", "b"]
    assert f"{fleet.servers[1].url} was not ready within 2 s" in result.stderr


def test_nothing_more_is_restarted_once_another_server_fails(fleet: Fleet) -> None:
    fleet.servers[2].breaks_with = "a"

    result = fleet.roll(*QUICK)

    assert result.returncode == 1
    assert fleet.restarts == ["a"]
    assert f"{fleet.servers[2].url} is not ready" in result.stderr


def test_a_server_that_fails_after_the_last_restart_is_named(fleet: Fleet) -> None:
    fleet.servers[0].breaks_with = "c"

    result = fleet.roll(*QUICK)

    assert result.returncode == 1
    assert fleet.restarts == ["a", "b", "c"]
    assert f"{fleet.servers[0].url} is not ready" in result.stderr


def test_a_command_that_fails_is_the_last(fleet: Fleet) -> None:
    fleet.servers[0].command += "; exit 3"

    result = fleet.roll(*QUICK)

    assert result.returncode == 1
    assert fleet.restarts == ["a"]
    assert f"{fleet.servers[0].url}: the restart failed" in result.stderr


def test_the_proxy_gets_time_between_two_restarts(fleet: Fleet) -> None:
    result = fleet.roll("--settle", "1")

    assert result.stdout.count("waiting 1 s for the proxy") == 2


def test_units_are_restarted_by_systemctl(fleet: Fleet, tmp_path: Path) -> None:
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\n')
    systemctl.chmod(0o755)
    units = [
        part
        for number, server in enumerate(fleet.servers)
        for part in ("--unit", f"{server.url}/", f"waybill@800{number}.service")
    ]

    result = run(*QUICK, *units, PATH=f"{systemctl.parent}:{os.environ['PATH']}")

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"restart waybill@800{number}.service" for number in range(3)
    ]


A = ("--command", "http://127.0.0.1:1", "true")
USES = {
    "no server": ((), "at least two servers"),
    "one server": (A, "at least two servers"),
    "an unknown option": (("--all",), "there is no option --all"),
    "no number": ((*A, *A, "--settle"), "--settle needs a number of seconds"),
    "not a number": (("--timeout", "soon"), "--timeout needs a number of seconds"),
    "no URL": (("--unit", "waybill@8001", "waybill@8001"), "waybill@8001 is not a URL"),
    "no command": (("--command", "http://127.0.0.1:1"), "--command needs two values"),
    "an empty command": (("--command", "http://127.0.0.1:1", ""), "--command needs two values"),
    "no unit": (("--unit", "http://127.0.0.1:1", "a; b"), "a; b is not the name of a unit"),
}


@pytest.mark.parametrize("use", USES)
def test_wrong_usage_is_explained(use: str) -> None:
    arguments, message = USES[use]

    result = run(*arguments)

    assert result.returncode == 2
    assert message in result.stderr


def test_curl_is_required(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")

    result = run(*A, *A, PATH=str(tmp_path))

    assert result.returncode == 2
    assert "curl is not installed" in result.stderr


def test_the_usage_is_printed() -> None:
    result = run("--help")

    assert result.returncode == 0
    assert result.stdout.startswith("Usage: rolling")
