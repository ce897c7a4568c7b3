"""`waybill serve`."""

import os
import secrets
from dataclasses import replace
from pathlib import Path

import click

from handlers.cli.database import command_settings
from handlers.cli.demo import prepare_demo_shop
from handlers.server import serve as run
from handlers.settings import Settings

_SECRET_FILE = Path("var/secret")
_INVITATION = """
Waybill serves on {url}

  The contract, to try out   {url}/docs
  The contract, to read      {url}/redoc
  A shopper of the demo shop {email}, password {password}

Log in and list that shopper's newest order:

  curl -s -c var/cookies -H 'Content-Type: application/json' \\
    -d '{{"email": "{email}", "password": "{password}"}}' {url}/users/login/ &&
  curl -s -b var/cookies '{url}/users/orders/?limit=1'
"""


@click.command()
@click.option("--demo", is_flag=True, help="Prepare the database and, when empty, a demo shop.")
@click.option("--port", type=click.IntRange(1, 65535), envvar="PORT", help="Default: 8000.")
def serve(demo: bool, port: int | None) -> None:
    """Serve the API and its documentation until Ctrl-C or SIGTERM."""
    if demo:
        _keep_demo_secret()
    settings = command_settings()
    if port is not None:
        settings = replace(settings, port=port)
    if demo:
        _invite(settings)
    run(settings)


def _keep_demo_secret() -> None:
    """Give the demo shop a secret of its own, so that sessions outlive a restart."""
    if "WAYBILL_SECRET" in os.environ:
        return
    _SECRET_FILE.parent.mkdir(exist_ok=True)
    if not _SECRET_FILE.exists():
        _SECRET_FILE.touch(mode=0o600)
        _SECRET_FILE.write_text(secrets.token_urlsafe(32))
    os.environ["WAYBILL_SECRET"] = _SECRET_FILE.read_text()


def _invite(settings: Settings) -> None:
    shopper = prepare_demo_shop(settings)
    url = f"http://{settings.host}:{settings.port}"
    click.echo(_INVITATION.format(url=url, email=shopper.email, password=shopper.password))
