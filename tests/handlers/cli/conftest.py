"""Runs the `waybill` command on the empty database of a test."""

from collections.abc import Callable

import click.testing
import pytest

from handlers.app import database_of
from handlers.cli import database as command_database
from handlers.cli.main import cli
from handlers.contract.asgi.routing import ContractApp
from handlers.settings import Settings

Run = Callable[..., click.testing.Result]


@pytest.fixture
def waybill(settings: Settings, app: ContractApp, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with arguments and, optionally, keyboard input."""
    # The command would replace pytest's log handlers.
    monkeypatch.setattr(command_database, "configure_logs", lambda _: None)
    # Every command would compile its statements again.
    monkeypatch.setattr(command_database, "open_database", lambda _: database_of(app))
    env = {"WAYBILL_SECRET": settings.secret, "WAYBILL_DATABASE_URL": settings.database_url}

    def run(
        *arguments: str, typed: str | None = None, database_url: str | None = None
    ) -> click.testing.Result:
        named = env if database_url is None else env | {"WAYBILL_DATABASE_URL": database_url}
        return click.testing.CliRunner(env=named).invoke(cli, arguments, input=typed)

    return run
