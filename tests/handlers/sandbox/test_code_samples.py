"""Runs the code samples of the client document against a sandbox, unchanged.

Those in TypeScript have no types, so that node runs them; without node, only the other two
languages are run.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from domain.trade_ins import OfferLink
from handlers.auth.trade_in_links import sign_link
from handlers.contract.document.bundle import load_contract
from handlers.contract.document.views import client_document
from handlers.sandbox.shop import SECRET, read_shop
from handlers.settings import Settings
from tests.support.processes import wait_until
from tests.support.server import free_port, start

NODE = shutil.which("node")
RUNNERS = {
    "Shell": ["sh", "-c"],
    "Python": [sys.executable, "-c"],
    **({"TypeScript": [NODE, "--input-type=module", "-e"]} if NODE else {}),
}
SAMPLES = [
    (operation["operationId"], sample["lang"], sample["source"])
    for item in client_document(load_contract())["paths"].values()
    for operation in item.values()
    if isinstance(operation, dict)
    for sample in operation["x-codeSamples"]
    if sample["lang"] in RUNNERS
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running sandbox."""
    folder: Path = tmp_path_factory.mktemp("samples")
    port = free_port()
    with (folder / "output.txt").open("w") as output:
        process = start(folder, output, "--sandbox", "--port", str(port), TMPDIR=str(folder))
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: is_ready(address))
    yield address
    process.terminate()
    process.wait(30)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").is_success
    except httpx.TransportError:
        return False


def variables(sandbox: str, operation_id: str) -> dict[str, str]:
    """The environment variables of a sample."""
    credentials = read_shop().credentials
    key = credentials["shopper"]["session_key"]
    if "Anonymous" in operation_id:
        path = f"{sandbox}/users/orders/anonymous/"
        key = httpx.post(path, json=credentials["guest"]).raise_for_status().json()["key"]
    [offer] = read_shop().rows["trade_in_offers"]
    link = OfferLink(UUID(offer["uuid"]))
    return {
        "BASE_URL": sandbox,
        "SESSION_KEY": key,
        "SELLER_TOKEN": credentials["seller"]["token"],
        "SHOP_TOKEN": credentials["shop"]["token"],
        "TRADE_IN_TOKEN": sign_link(link, operation_id, Settings(secret=SECRET)),
    }


@pytest.mark.parametrize(
    ("operation_id", "language", "source"),
    SAMPLES,
    ids=[f"{sample[0]}-{sample[1]}" for sample in SAMPLES],
)
def test_a_sample_runs_unchanged(
    sandbox: str, operation_id: str, language: str, source: str
) -> None:
    httpx.post(f"{sandbox}/sandbox/reset/").raise_for_status()

    done = subprocess.run(  # noqa: S603 - the sample
        [*RUNNERS[language], source],
        env=os.environ | variables(sandbox, operation_id),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_operation_has_samples() -> None:
    assert len({operation_id for operation_id, _, _ in SAMPLES}) > 25
