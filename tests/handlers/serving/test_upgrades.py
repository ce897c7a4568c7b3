"""An upgrade without downtime: two releases on one database, each in processes of its own.

The previous release is the checkout in the folder WAYBILL_TEST_PREVIOUS_RELEASE, or this code. The
next one is this code with two more migrations.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

import persistence
from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from tests.conftest import MakeUrl
from tests.support.releases import CONCURRENT, EXPANDING, NextRelease, add_step
from tests.support.server import COMMAND, SECRET, Server, start

ROOT = Path(persistence.__file__).parents[1]
ROOMS = ("domain", "handlers", "openapi", "persistence")
PREVIOUS = os.environ.get("WAYBILL_TEST_PREVIOUS_RELEASE")
# Settings of later tests are no settings of an earlier release.
ONLY_KNOWN_SETTINGS = f"""
import os
from dataclasses import fields
from handlers.settings import Settings
known = {{"WAYBILL_" + setting.name.upper() for setting in fields(Settings)}}
for name in list(os.environ):
    if name.startswith("WAYBILL_") and name not in known:
        del os.environ[name]
{COMMAND}
"""


class Release:
    """A folder with the code of a release, whose commands and servers use one database."""

    def __init__(self, code: Path, url: str, folder: Path) -> None:
        self._code = code
        self._url = url
        self._folder = folder

    @property
    def _env(self) -> dict[str, str]:
        paths = [str(self._code), *sys.path]
        return SECRET | {
            "PYTHONPATH": os.pathsep.join(paths),
            "WAYBILL_DATABASE_URL": self._url,
            "code": ONLY_KNOWN_SETTINGS,
        }

    def run(self, command: str, *arguments: str) -> tuple[int, str]:
        """Run a command; return its exit code and output."""
        process = start(self._folder, subprocess.PIPE, *arguments, command=command, **self._env)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def serve(self) -> Server:
        """Start a server."""
        env = {name: value for name, value in self._env.items() if name != "WAYBILL_DATABASE_URL"}
        return Server(self._folder, self._url, **env)


@pytest.fixture
def url(make_url: MakeUrl) -> str:
    return make_url()


@pytest.fixture
def previous(url: str, tmp_path: Path) -> Release:
    """The previous release, with a shop in its tables."""
    release = Release(Path(PREVIOUS or ROOT), url, tmp_path)
    for command in (("migrate",), ("seed", "--users", "1", "--orders-per-user", "8")):
        exit_code, output = release.run(*command)
        assert exit_code == 0, output
    return release


@pytest.fixture
def following(url: str, tmp_path: Path) -> Release:
    """The next release."""
    code = tmp_path / "next"
    code.mkdir()
    for room in ROOMS[:-1]:
        (code / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / ROOMS[-1], code / ROOMS[-1])
    versions = code / "persistence" / "migrations" / "versions"
    add_step(versions, EXPANDING)
    add_step(versions, CONCURRENT, is_concurrent=True)
    return Release(code, url, tmp_path)


@pytest.fixture
def old_server(previous: Release) -> Iterator[Server]:
    server = previous.serve()
    server.wait_until_ready()
    yield server
    server.end()


class Shopper:
    """The demo shopper, logged in at one of the servers."""

    def __init__(self, server: Server) -> None:
        login = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
        key = self._json(server.client.post("/users/login/", json=login))["key"]
        self._headers = {"Authorization": f"Session {key}"}

    def orders(self, server: Server) -> list[dict[str, Any]]:
        """The orders, as this server shows them."""
        response = server.client.get("/users/orders/?limit=100", headers=self._headers)
        results: list[dict[str, Any]] = self._json(response)["results"]
        return results

    def cancel_unit(self, server: Server) -> int:
        """Request to cancel a unit of an item at this server; return the number of the item."""
        item = next(
            item["pk"]
            for order in self.orders(server)
            if not order["is_payable"]
            for item in order["orderitem_set"]
            if item["is_cancellable"] and not item["active_cancellation_request"]
        )
        path = "/users/orders/cancellation_reasons/?cancellation_type=cancel"
        reasons = self._json(server.client.get(path, headers=self._headers))["results"]
        body = {
            "order_item": item,
            "reason": next(
                reason["pk"] for reason in reasons if not reason["extra_information_needed"]
            ),
            "cancellation_type": "cancel",
            "quantity": 1,
        }
        path = "/users/orders/cancellation_requests/"
        self._json(server.client.post(path, json=body, headers=self._headers))
        return int(item)

    def requested(self, server: Server) -> set[int]:
        """The items with an open request, as this server shows them."""
        return {
            item["pk"]
            for order in self.orders(server)
            for item in order["orderitem_set"]
            if item["active_cancellation_request"]
        }

    def _json(self, response: httpx.Response) -> Any:
        assert response.is_success, response.text
        return response.json()


def test_servers_of_both_releases_work_side_by_side(old_server: Server, following: Release) -> None:
    shopper = Shopper(old_server)
    before = shopper.orders(old_server)

    exit_code, output = following.run("migrate")
    assert exit_code == 0, output
    new_server = following.serve()
    try:
        new_server.wait_until_ready()

        assert old_server.client.get("/readyz").status_code == 200
        assert shopper.orders(old_server) == before
        items = {shopper.cancel_unit(old_server), shopper.cancel_unit(new_server)}
        assert len(items) == 2
        assert shopper.requested(old_server) == shopper.requested(new_server) >= items
        Shopper(old_server)
    finally:
        new_server.end()


def test_the_previous_release_works_with_expanded_tables(
    previous: Release, following: Release
) -> None:
    following.run("migrate")

    exit_code, output = previous.run("migrate")
    server = previous.serve()

    try:
        server.wait_until_ready()
        assert shopper_can_cancel(server)
    finally:
        server.end()
    assert exit_code == 0
    assert "of a newer release, which also works with this release" in output


def shopper_can_cancel(server: Server) -> bool:
    shopper = Shopper(server)
    return shopper.cancel_unit(server) in shopper.requested(server)


def test_the_next_release_does_not_start_before_the_migration(
    previous: Release, following: Release
) -> None:
    for command in (("serve", "--port", "1"), ("worker", "--once"), ("tidy",)):
        exit_code, output = following.run(*command)

        assert exit_code == 1
        assert output.endswith("Run: waybill migrate\n")


def test_a_server_of_the_next_release_is_not_ready_without_the_migration(
    client: TestClient, next_release: NextRelease
) -> None:
    revision = next_release.add_step(EXPANDING)

    with next_release.code():
        response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["error_code"] == "schema_mismatch"
    assert response.json()["detail"].endswith(f"this release needs {revision}.")
