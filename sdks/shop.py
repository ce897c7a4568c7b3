"""A Waybill server with a demo shop on loopback, and the participants of scenarios."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sdks.tools import CHECKOUT

_COMMAND = ("-c", "from handlers.cli.main import cli; cli()")
_SEED = ("--users", "80", "--orders-per-user", "8", "--seed", "1")
_READY_SECONDS = 60
_STOP_SECONDS = 15


@dataclass(frozen=True)
class Participants:
    """The participants of one scenario; no two scenarios share any.

    The shopper and the guest have an item that can be cancelled, the seller one to reject.
    """

    email: str
    password: str
    guest_email: str
    guest_number: str
    seller_token: str

    def environment(self, url: str) -> dict[str, str]:
        """The environment variables of a scenario."""
        return {
            "WAYBILL_URL": url,
            "SHOPPER_EMAIL": self.email,
            "SHOPPER_PASSWORD": self.password,
            "GUEST_EMAIL": self.guest_email,
            "GUEST_NUMBER": self.guest_number,
            "SELLER_TOKEN": self.seller_token,
        }


@dataclass(frozen=True)
class Shop:
    """A running server, and the users of its database (`waybill seed --manifest-file`)."""

    url: str
    manifest: dict[str, Any]

    def participants_of_scenarios(self) -> Iterator[Participants]:
        """Yield participants for one scenario after the other, as long as the shop has any."""
        with httpx.Client(base_url=self.url) as client:
            shoppers = self._with_cancellable(client, "registered")
            guests = self._with_cancellable(client, "guest")
            sellers = (row["token"] for row in self.manifest["tokens"] if _rejects(client, row))
            for (shopper, _), (guest, number), token in zip(
                shoppers, guests, sellers, strict=False
            ):
                email, password = shopper["email"], shopper["password"]
                yield Participants(email, password, guest["email"], number, token)

    def _with_cancellable(
        self, client: httpx.Client, kind: str
    ) -> Iterator[tuple[dict[str, Any], str]]:
        """Users of a kind, with the number of an order that has a cancellable item."""
        for row in self.manifest["sessions"]:
            if row["kind"] != kind:
                continue
            cookie = f"{self.manifest['cookie_name']}={row['session']}"
            page = client.get("/users/orders/", headers={"Cookie": cookie}).raise_for_status()
            for order in page.json()["results"]:
                if _is_cancellable(order):
                    yield row, order["number"]
                    break


@contextmanager
def served_shop(folder: Path, python: str) -> Iterator[Shop]:
    """Fill a database in the folder and serve it with the interpreter ``python``.

    Raises RuntimeError, with the server's output, if it is not ready after a minute.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    env = {name: text for name, text in os.environ.items() if not name.startswith("WAYBILL_")} | {
        "PYTHONPATH": str(CHECKOUT),
        "WAYBILL_SECRET": "the key that signs tokens of a demo shop",
        "WAYBILL_DATABASE_URL": f"sqlite:///{folder}/waybill.sqlite3",
        "WAYBILL_DRAIN_SECONDS": "0",
        "PORT": str(port),
    }
    manifest, output = folder / "manifest.json", folder / "server.txt"
    seed = ("seed", *_SEED, "--manifest-file", str(manifest))
    for command in (("migrate",), seed):
        subprocess.run(
            [python, *_COMMAND, *command], cwd=folder, env=env, check=True, capture_output=True
        )
    with output.open("w") as log:
        process = subprocess.Popen(
            [python, *_COMMAND, "serve"], cwd=folder, env=env, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, output)
        yield Shop(url, json.loads(manifest.read_text()))
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"The server is not ready. It printed:\n{output.read_text()}")


def _is_cancellable(order: dict[str, Any]) -> bool:
    items = order["orderitem_set"]
    return not order["is_payable"] and any(item["is_cancellable"] for item in items)


def _rejects(client: httpx.Client, row: dict[str, Any]) -> bool:
    """Whether the token's seller has an approved item, which can be rejected."""
    headers = {"Authorization": f"Bearer {row['token']}", "Content-Type": "application/json"}
    page = client.get("/api/i1/order-items/", params={"status": 200}, headers=headers)
    return bool(page.raise_for_status().json()["results"])
