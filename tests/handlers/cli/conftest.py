"""The `waybill` command on the empty database of a test."""

from collections.abc import Callable

import click.testing
import pytest

from handlers.cli import database as command_database
from handlers.cli.main import cli
from handlers.settings import Settings

Run = Callable[..., click.testing.Result]


@pytest.fixture
def waybill(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with arguments, and optionally what is typed meanwhile."""
    # It would take the log lines of this process away from pytest.
    monkeypatch.setattr(command_database, "configure_logs", lambda _: None)
    env = {"WAYBILL_SECRET": settings.secret, "WAYBILL_DATABASE_URL": settings.database_url}

    def run(*arguments: str, typed: str | None = None) -> click.testing.Result:
        return click.testing.CliRunner(env=env).invoke(cli, arguments, input=typed)

    return run
