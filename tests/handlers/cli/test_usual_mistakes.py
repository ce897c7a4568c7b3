"""Common mistakes get one line, an exit code and no traceback; runs the real command."""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from persistence.database import Database
from tests.conftest import KIND, MakeUrl
from tests.support.server import COMMAND, SECRET, free_port, start

PASSWORD = "hunter2"
SHAPE = (
    "Error: WAYBILL_DATABASE_URL: Must look like sqlite:///var/waybill.sqlite3,"
    " or postgresql://user:password@host:port/name."
)
MAKE_SECRET = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
WITHOUT_REDIS = f"import sys; sys.modules['redis'] = None; {COMMAND}"
WITHOUT_FAKER = f"import sys; sys.modules['faker'] = None; {COMMAND}"
IMPORT_ALL_COMMANDS = """
import importlib, sys
sys.modules["faker"] = sys.modules["redis"] = None
from handlers.cli.commands import COMMANDS
for module in [*(entry.module for entry in COMMANDS.values()), "sandbox"]:
    importlib.import_module(f"handlers.cli.{module}")
"""

Waybill = Callable[..., tuple[int, str]]


@pytest.fixture
def waybill(tmp_path: Path) -> Waybill:
    """Runs a command in a new folder; returns its exit code and output."""

    def run(*arguments: str, code: str = COMMAND, **env: str) -> tuple[int, str]:
        command, *rest = arguments
        env = SECRET | env
        process = start(tmp_path, subprocess.PIPE, *rest, command=command, code=code, **env)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    return run


def test_settings_that_can_not_be_used_are_named_a_line_each(waybill: Waybill) -> None:
    output = waybill("migrate", WAYBILL_SECRET="short", WAYBILL_WORKERS="x", WAYBILL_SMTP="y")

    assert output == (
        1,
        (
            f"Error: WAYBILL_SECRET: Shorter than minimum length 32. Make one: {MAKE_SECRET}\n"
            "WAYBILL_WORKERS: Not a valid integer.\n"
            "WAYBILL_SMTP: There is no such setting. Did you mean WAYBILL_SMTP_URL?\n"
        ),
    )


def test_a_missing_secret_gets_the_command_that_makes_one(waybill: Waybill) -> None:
    code = f"import os; del os.environ['WAYBILL_SECRET']; {COMMAND}"

    exit_code, output = waybill("serve", code=code)

    assert exit_code == 1
    assert output.startswith("Error: WAYBILL_SECRET: ")
    assert output.endswith(f" Make one: {MAKE_SECRET}\n")
    assert output.count("\n") == 1


def test_workers_that_count_attempts_separately_are_warned_of(waybill: Waybill) -> None:
    _, output = waybill("serve", WAYBILL_WORKERS="3", PORT=str(free_port()))

    assert output.startswith(
        "Warning: each of 3 workers counts failed attempts separately, so that 3 times as many are"
        " possible. Set WAYBILL_LIMITS_STORAGE to redis://….\n"
    )


@pytest.mark.parametrize(
    ("url", "error"),
    [
        (f"mysql://shop:{PASSWORD}@localhost/shop", SHAPE),
        ("nonsense", SHAPE),
        (
            f"postgresql://shop:{PASSWORD}@localhost:port/shop",
            f"{SHAPE} A host or its port is invalid.",
        ),
    ],
    ids=["mysql", "nonsense", "postgresql"],
)
def test_a_url_that_names_no_database(waybill: Waybill, url: str, error: str) -> None:
    assert waybill("serve", WAYBILL_DATABASE_URL=url) == (1, f"{error}\n")


@pytest.mark.parametrize(
    ("command", "options", "reason"),
    [
        (["requests", "list"], "", "Connection refused"),
        (["migrate"], "", "Connection refused"),
        (["migrate"], "?nonsense=1", 'invalid connection option "nonsense"'),
    ],
    ids=["unreachable", "unreachable by migrate", "option"],
)
def test_a_database_that_can_not_be_reached(
    waybill: Waybill, command: list[str], options: str, reason: str
) -> None:
    place = f"127.0.0.1:{free_port()}/shop"
    url = f"postgresql://shop:{PASSWORD}@{place}{options}"

    exit_code, output = waybill(*command, WAYBILL_DATABASE_URL=url)

    assert exit_code == 1
    assert output.startswith(f"Error: The database {place} can't be used: ")
    assert output.endswith(f"{reason}.\n")
    assert output.count("\n") == 1
    assert PASSWORD not in output


@pytest.mark.skipif(KIND != "postgres", reason="SQLite knows no roles")
def test_a_role_that_is_not_there(waybill: Waybill, make_url: MakeUrl) -> None:
    url = sa.make_url(make_url()).set(username="nobody_of_that_name", password=PASSWORD)

    exit_code, output = waybill(
        "requests", "list", WAYBILL_DATABASE_URL=url.render_as_string(hide_password=False)
    )

    assert exit_code == 1
    assert output.startswith("Error: The database ")
    assert "nobody_of_that_name" in output
    assert output.count("\n") == 1
    assert PASSWORD not in output


@pytest.mark.parametrize("command", [["serve"], ["worker", "--once"]], ids=" ".join)
def test_the_wrong_folder(waybill: Waybill, tmp_path: Path, command: list[str]) -> None:
    assert waybill(*command, PORT=str(free_port())) == (
        1,
        (
            f"Error: The database {tmp_path}/var/waybill.sqlite3 can't be used: there is no such"
            " file. Run waybill in the folder of its server, or begin with: waybill migrate\n"
        ),
    )
    assert not list(tmp_path.iterdir())


def test_a_folder_that_can_not_be_made(waybill: Waybill, tmp_path: Path) -> None:
    (tmp_path / "var").touch()

    for command in (["migrate"], ["serve", "--demo"]):
        exit_code, output = waybill(*command, PORT=str(free_port()))

        assert exit_code == 1
        assert output.startswith(f"Error: Can't use {tmp_path}/var")
        assert output.count("\n") == 1


class TestSchema:
    """The message has the current revision, the required one and the next step."""

    @pytest.fixture
    def url(self, make_url: MakeUrl) -> str:
        url = make_url()
        database = Database(url, renderers={})
        database.migrate()
        database.close()
        return url

    @pytest.mark.parametrize(
        ("revision", "advice", "commands"),
        [
            ("0007", "Run: waybill migrate", ["serve"]),
            (
                "0999",
                "Run the newer release, or restore the backup made before it.",
                ["worker", "migrate"],
            ),
        ],
    )
    def test_of_another_release(
        self, waybill: Waybill, url: str, revision: str, advice: str, commands: list[str]
    ) -> None:
        set_revision(url, revision)

        for command in commands:
            exit_code, output = waybill(command, WAYBILL_DATABASE_URL=url, PORT=str(free_port()))

            assert exit_code == 1
            assert output.startswith(f"Error: The database has schema revision {revision};")
            assert output.endswith(f". {advice}\n")
            assert output.count("\n") == 1

    def test_that_is_not_there(self, waybill: Waybill, make_url: MakeUrl) -> None:
        url = make_url()
        if KIND == "sqlite":
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
                connection.execute("CREATE TABLE others (pk INTEGER)")

        exit_code, output = waybill("outbox", "list", WAYBILL_DATABASE_URL=url)

        assert exit_code == 1
        assert output.startswith("Error: The database has schema revision none; this release")
        assert output.endswith(" Run: waybill migrate\n")

    def test_is_found_before_the_limits_need_a_package(self, waybill: Waybill, url: str) -> None:
        output = waybill(
            "serve",
            code=WITHOUT_REDIS,
            WAYBILL_DATABASE_URL=url,
            WAYBILL_LIMITS_STORAGE=f"redis://:{PASSWORD}@localhost",
            PORT=str(free_port()),
        )

        assert output == (
            1,
            (
                "Error: WAYBILL_LIMITS_STORAGE needs the package redis. Install waybill[redis], or"
                " in a checkout: python3 -m pip install --requirement requirements/redis.txt\n"
            ),
        )


@pytest.mark.parametrize("arguments", [["seed"], ["serve", "--demo"]])
def test_a_demo_shop_without_faker_names_the_extra(waybill: Waybill, arguments: list[str]) -> None:
    waybill("migrate")

    exit_code, output = waybill(*arguments, code=WITHOUT_FAKER, PORT=str(free_port()))

    assert exit_code == 1
    assert output.splitlines()[-1] == (
        "Error: The demo shop needs the package faker. Install waybill[demo], or in a checkout:"
        " python3 -m pip install --requirement requirements/demo.txt"
    )


def test_commands_can_be_imported_without_the_extras(waybill: Waybill) -> None:
    assert waybill("", code=IMPORT_ALL_COMMANDS) == (0, "")


def set_revision(url: str, revision: str) -> None:
    """Make the tables those of a release that works with no other code."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for column in (
            "alembic_version SET version_num",
            "schema_compatibility SET compatible_from",
        ):
            connection.execute(sa.text(f"UPDATE {column} = :r"), {"r": revision})
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "env", "hint"),
    [
        (["serve"], {"PORT": "80x"}, "'PORT'"),
        (["serve"], {"PORT": "99999"}, "'PORT'"),
        (["serve", "--port", "0"], {"PORT": "8000"}, "'--port'"),
    ],
)
def test_a_bad_port_is_named_as_what_it_was_given_by(
    waybill: Waybill, arguments: list[str], env: dict[str, str], hint: str
) -> None:
    exit_code, output = waybill(*arguments, **env)

    assert exit_code == 2
    assert f"Error: Invalid value for {hint}: " in output


def test_names_of_tests_are_no_settings(waybill: Waybill) -> None:
    assert waybill("migrate", WAYBILL_TEST_ANYTHING="1")[0] == 0
