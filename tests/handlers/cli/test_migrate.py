"""`waybill migrate`: what is missing, what it would do, and what is newer."""

from collections.abc import Callable

import click.testing
import pytest

from handlers.cli import database as command_database
from handlers.cli.main import cli
from persistence import migrations
from persistence.database import Database
from persistence.engine.engines import Pool, connect
from tests.conftest import KIND, MakeUrl
from tests.support.fakes import fake_renderers
from tests.support.releases import CONTRACTING, EXPANDING, NextRelease, oldest_code

Migrate = Callable[..., click.testing.Result]


@pytest.fixture
def url(make_url: MakeUrl) -> str:
    return make_url()


@pytest.fixture
def migrate(url: str, monkeypatch: pytest.MonkeyPatch) -> Migrate:
    """Runs the command on an empty database of the test's own."""
    # It would replace the log handlers of pytest.
    monkeypatch.setattr(command_database, "configure_logs", lambda _: None)
    env = {"WAYBILL_SECRET": "a secret of thirty-two characters", "WAYBILL_DATABASE_URL": url}

    def run(*options: str) -> click.testing.Result:
        return click.testing.CliRunner(env=env).invoke(cli, ["migrate", *options])

    return run


def revision_of(url: str) -> str | None:
    database = Database(url, renderers=fake_renderers())
    try:
        return database.schema_state().revision
    finally:
        database.close()


def test_an_empty_database_lacks_all(url: str, migrate: Migrate) -> None:
    result = migrate("--check")

    assert result.exit_code == 1
    assert result.output.startswith("The database has schema revision none. Missing:\n0001  ")
    assert f"\n{migrations.head()}  " in result.output
    assert revision_of(url) is None


def test_what_is_up_to_date_lacks_nothing(migrate: Migrate) -> None:
    assert migrate().output == "The database is up to date.\n"

    result = migrate("--check")

    assert (result.exit_code, result.output) == (0, "The database is up to date.\n")
    assert migrate("--plan").output == "No migrations are missing.\n"


def test_the_plan_has_what_is_missing(
    url: str, migrate: Migrate, next_release: NextRelease
) -> None:
    migrate()
    revision = next_release.add_step(EXPANDING)
    with next_release.code():
        check, plan = migrate("--check"), migrate("--plan")

    heading = f"{revision}  A change of the next release.\n"
    assert check.exit_code == 1
    assert check.output.endswith(f"Missing:\n{heading}")
    assert plan.exit_code == 0
    assert heading in plan.output
    assert f"      expands: code of revision {oldest_code()} or later goes on" in plan.output
    in_detail = (
        "      orders: gets a column; a short lock\n",
        "        ALTER TABLE orders ADD COLUMN wish TEXT;\n",
    )
    assert all((text in plan.output) == (KIND == "postgres") for text in in_detail)
    assert ("all who write to SQLite wait" in plan.output) == (KIND == "sqlite")
    assert revision_of(url) == migrations.head()


def test_the_plan_says_who_has_to_stop(migrate: Migrate, next_release: NextRelease) -> None:
    migrate()
    next_release.add_step(CONTRACTING, is_contracting=True)
    with next_release.code():
        plan = migrate("--plan")

    assert "contracts: stop all servers and workers first" in plan.output


def test_the_plan_says_what_to_run_first(migrate: Migrate, next_release: NextRelease) -> None:
    migrate()
    expanding = next_release.add_step(EXPANDING)
    next_release.add_step(CONTRACTING, compatible_from=expanding)
    with next_release.code():
        plan = migrate("--plan")

    assert (
        "contracts: first replace all servers and workers by code of revision"
        f" {expanding} or later\n" in plan.output
    )


def test_the_plan_of_an_empty_database_has_every_migration(migrate: Migrate) -> None:
    plan = migrate("--plan").output

    assert plan.startswith("The database is empty. These migrations create its tables.\n0001  ")
    assert "contracts" not in plan
    assert ("CREATE TABLE orders" in plan) == (KIND == "postgres")


def test_newer_tables_that_only_expanded_are_left(
    url: str, migrate: Migrate, next_release: NextRelease
) -> None:
    revision = next_release.add_step(EXPANDING)
    with next_release.code():
        migrate()

    for options in ((), ("--check",)):
        result = migrate(*options)
        assert result.exit_code == 0
        assert f"schema revision {revision} of a newer release" in result.output
    assert revision_of(url) == revision


def test_newer_tables_that_contracted_are_refused(
    migrate: Migrate, next_release: NextRelease
) -> None:
    next_release.add_step(CONTRACTING, is_contracting=True)
    with next_release.code():
        migrate()

    for options in ((), ("--check",)):
        result = migrate(*options)
        assert result.exit_code == 1
        assert "Run the newer release" in result.output


@pytest.mark.skipif(KIND == "sqlite", reason="SQLite has one writer, and no locks on tables")
def test_a_table_that_is_in_use_is_named_as_the_reason(
    url: str, migrate: Migrate, next_release: NextRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations.running, "MAX_ATTEMPTS", 1)
    monkeypatch.setattr(migrations.running, "sleep", lambda _: None)
    migrate()
    next_release.add_step(EXPANDING)
    engines = connect(url, Pool(1))
    with engines.writing.begin() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM orders")
        with next_release.code():
            result = migrate()
    engines.dispose()

    assert result.exit_code == 1
    assert result.output.startswith("Error: A migration could not lock its tables")


def test_options_exclude_each_other(migrate: Migrate) -> None:
    assert migrate("--check", "--plan").exit_code == 2
