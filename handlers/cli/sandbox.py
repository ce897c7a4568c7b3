"""`waybill serve --sandbox`."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from handlers.app import database_of
from handlers.cli.free_port import require_free_port
from handlers.contract.asgi.routing import ContractApp
from handlers.sandbox.folders import temporary_folder
from handlers.sandbox.orphans import watch_parent
from handlers.sandbox.shop import SECRET, read_shop
from handlers.serving.server import sandbox_application, serve
from handlers.setting_files import SUFFIX
from handlers.settings import read_settings

_DATABASE = "WAYBILL_DATABASE_URL"
_TEXT = """
The sandbox of Waybill serves on {url}

  the contract, to try out   {url}/docs
  shopper                    {shopper[email]}, password {shopper[password]}
  session of the shopper     {shopper[session_key]}
  guest's order              {guest[email]}, number {guest[number]}
  token of a seller          {seller[token]}
  token of the shop          {shop[token]}

The clock stands at {now}. To control the sandbox:

  curl {url}/sandbox/                          credentials, clock and failures
  curl -X POST {url}/sandbox/reset/            begin again
  curl -X PUT {url}/sandbox/clock/ --json '{{"now": "2026-03-20T12:00:00Z"}}'
  curl {url}/sandbox/failures/ --json '{{"operation_id": "listUserOrders", "kind": "unavailable"}}'
  curl {url}/sandbox/emails/                   the e-mails, which are not sent

Everything is in memory or in a temporary folder, and deleted when the sandbox stops.
"""


def serve_sandbox(port: int | None) -> None:
    """Serve a sandbox until Ctrl-C or SIGTERM. Raises ClickException if it cannot."""
    if _DATABASE in os.environ or _DATABASE + SUFFIX in os.environ:
        raise click.ClickException(
            f"A sandbox has a database of its own; start it without {_DATABASE}."
        )
    with temporary_folder() as folder:
        # The application reads its own settings.
        for name, value in _own_settings(folder, port).items():
            os.environ.pop(name + SUFFIX, None)
            os.environ[name] = value
        settings = read_settings()
        require_free_port(settings)
        shop = read_shop()
        database = database_of(sandbox_application())
        database.create_tables()
        shop.store(database)
        database.close()  # the worker, a fork of this process, opens its own connections
        now = f"{shop.now:%Y-%m-%dT%H:%M:%SZ}"
        url = f"http://{settings.host}:{settings.port}"
        click.echo(_TEXT.format(url=url, now=now, **shop.credentials))
        serve(settings, partial(_application, os.getpid(), folder), is_temporary=True)


def _application(server: int, folder: Path) -> ContractApp:
    """The application. Its worker ends when the process ``server`` does."""
    if os.getpid() != server:
        watch_parent(server, folder)
    return sandbox_application()


def _own_settings(folder: Path, port: int | None) -> Mapping[str, str]:
    """Settings that replace those of the environment: one worker, and a public secret."""
    own = {
        _DATABASE: f"sqlite:///{folder / 'sandbox.sqlite3'}",
        "WAYBILL_DATABASE_POOLER": "none",
        "WAYBILL_DATABASE_READ_URL": "",
        "WAYBILL_SECRET": SECRET,
        "WAYBILL_LIMITS_STORAGE": "memory://",
        "WAYBILL_DOCS": "true",
        "WAYBILL_SMTP_URL": "",
        "WAYBILL_WORKERS": "1",
    }
    return own if port is None else own | {"WAYBILL_PORT": str(port)}
