"""Runs the `waybill` command on the empty database of a test, and `waybill doctor`."""

from collections.abc import Callable, Iterator

import click.testing
import pytest

from handlers.app import database_of
from handlers.cli import database as command_database
from handlers.cli import doctor
from handlers.cli.main import cli
from handlers.contract.asgi.routing import ContractApp
from handlers.settings import Settings
from persistence.database import Database
from tests.support.doctor import SECRET, Examine, ReplaceMethod, Result, RunDoctor
from tests.support.fakes import fake_renderers

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


@pytest.fixture
def examined(database_url: str) -> Iterator[Database]:
    """The database that the command opens."""
    database = Database(database_url, renderers=fake_renderers())
    yield database
    database.close()


@pytest.fixture
def replace_method(examined: Database, monkeypatch: pytest.MonkeyPatch) -> ReplaceMethod:
    """Replaces a method of the database that the command opens."""

    def replace(name: str, function: Callable[[], object]) -> None:
        monkeypatch.setattr(doctor, "open_database", lambda _: examined)
        monkeypatch.setattr(examined, name, function)

    return replace


@pytest.fixture
def run_doctor(database_url: str, examined: Database, monkeypatch: pytest.MonkeyPatch) -> RunDoctor:
    # It would replace the log handlers of pytest.
    monkeypatch.setattr(command_database, "configure_logs", lambda _: None)
    usual = {"WAYBILL_SECRET": SECRET, "WAYBILL_DATABASE_URL": database_url}

    def run(*options: str, **env: str) -> click.testing.Result:
        names = {f"WAYBILL_{name}": value for name, value in env.items()}
        return click.testing.CliRunner(env=usual | names).invoke(cli, ["doctor", *options])

    return run


@pytest.fixture
def examine(run_doctor: RunDoctor) -> Examine:
    """Runs the command with settings, by their names without WAYBILL_."""
    return lambda **env: Result(run_doctor("--json", **env))
