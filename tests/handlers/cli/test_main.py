"""The start of commands: each imports only what it needs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from handlers.cli.commands import COMMANDS
from handlers.cli.main import cli

# They serve, render, migrate and build e-mails. Importing them takes too long for a command.
HEAVY = {
    "alembic",
    "babel",
    "connexion",
    "flask",
    "granian",
    "jinja2",
    "jsonschema_rs",
    "limits",
    "starlette",
    "werkzeug",
    "yaml",
}
_RUN = """
import json, sys
from handlers.cli.main import cli
cli(sys.argv[1:], standalone_mode=False)
print(json.dumps(sorted(sys.modules)))
"""


def modules_after(*arguments: str, **env: str) -> set[str]:
    """The modules that a process has imported after it ran this command."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYBILL_")}
    ran = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", _RUN, *arguments],
        env=environment | env,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a shop without orders."""
    path = tmp_path_factory.mktemp("shop") / "waybill.sqlite3"
    env = {"WAYBILL_DATABASE_URL": f"sqlite:///{path}", "WAYBILL_SECRET": "s" * 32}
    assert "alembic" in packages(modules_after("migrate", **env))
    return env


@pytest.mark.parametrize(
    "arguments",
    [
        ["carriers", "list"],
        ["outbox", "list"],
        ["reasons", "list"],
        ["requests", "list"],
        ["sellers", "list"],
        ["tidy"],
        ["tokens", "list"],
    ],
    ids=" ".join,
)
def test_a_command_imports_neither_the_server_nor_the_contract(
    arguments: list[str], env: dict[str, str]
) -> None:
    modules = modules_after(*arguments, **env)

    assert "persistence.database" in modules
    assert packages(modules).isdisjoint(HEAVY)
    assert "handlers.app" not in modules
    assert not any(name.startswith("handlers.contract.document.bundle") for name in modules)


def test_the_help_of_all_imports_no_command() -> None:
    modules = modules_after("--help")

    assert modules.isdisjoint(f"handlers.cli.{listed.module}" for listed in COMMANDS.values())
    assert packages(modules).isdisjoint(HEAVY | {"environs", "psycopg", "sqlalchemy", "structlog"})


@pytest.mark.parametrize("arguments", [["requests", "--help"], ["requests", "nonsense"]])
def test_an_end_without_work_looks_for_no_cause(arguments: list[str]) -> None:
    code = f"""
import sys
from handlers.cli.main import cli
try:
    cli({arguments})
finally:
    assert "limits" not in sys.modules
"""
    ended = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert ended.returncode == (0 if "--help" in arguments else 2), ended.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_says_what_the_command_says(name: str) -> None:
    context = click.Context(cli)
    command = cli.get_command(context, name)

    assert command is not None
    assert command.get_short_help_str(limit=1000) == COMMANDS[name].summary


def test_a_command_that_does_not_exist() -> None:
    assert cli.get_command(click.Context(cli), "nonsense") is None


def test_every_module_of_a_command_is_listed() -> None:
    folder = Path(sys.modules["handlers.cli.main"].__file__ or "").parent
    named = {listed.module for listed in COMMANDS.values()}

    assert named <= {path.stem for path in folder.glob("*.py")}


def test_the_end_of_a_process_collects_nothing() -> None:
    code = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count() > 0))  # what is registered last runs first
import handlers.cli.main
atexit.register(lambda: print(gc.get_freeze_count() > 0))
"""
    ended = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert ended.stdout.split() == ["False", "True"]
