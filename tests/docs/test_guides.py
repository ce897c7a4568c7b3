"""The commands of the guides are run against a sandbox."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.page_commands import commands_of, error_codes_in
from tests.support.processes import wait_until
from tests.support.server import free_port, start

# The guides, with the errors that they show on purpose.
GUIDES: dict[str, list[str]] = {
    "docs/guides/sessions.md": [],
    "docs/guides/paging.md": [],
    "docs/guides/filters.md": ["unknown_parameter"],
    "docs/guides/idempotency.md": [],
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The variables that readers of the guides set, for a running sandbox."""
    folder: Path = tmp_path_factory.mktemp("guides")
    port = free_port()
    with (folder / "output.txt").open("w") as output:
        process = start(folder, output, "--sandbox", "--port", str(port), TMPDIR=str(folder))
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        wait_until(lambda: is_ready(client))
        yield variables(client)
    process.terminate()
    process.wait(30)


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def variables(client: httpx.Client) -> dict[str, str]:
    shop: dict[str, Any] = client.get("/sandbox/").json()
    shopper = shop["shopper"]
    headers = {"Authorization": f"Session {shopper['session_key']}"}
    orders = client.get("/users/orders/?limit=100", headers=headers).json()["results"]
    items = [item for order in orders for item in order["orderitem_set"] if item["is_cancellable"]]
    return {
        "BASE_URL": str(client.base_url),
        "EMAIL": shopper["email"],
        "PASSWORD": shopper["password"],
        "SESSION_KEY": shopper["session_key"],
        "SELLER_TOKEN": shop["seller"]["token"],
        "ORDER_ITEM": str(items[0]["pk"]),
    }


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_succeed(guide: str, environment: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - ours
        ["/bin/sh", "-euc", commands_of(guide)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert error_codes_in(done.stdout) == GUIDES[guide]


def test_all_guides_with_a_base_url_are_tested() -> None:
    folder = Path(__file__).parents[2] / "docs/guides"
    pages = {f"docs/guides/{path.name}" for path in folder.glob("*.md")}

    assert {page for page in pages if "$BASE_URL" in commands_of(page)} == GUIDES.keys()
