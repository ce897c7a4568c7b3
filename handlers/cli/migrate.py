"""`waybill migrate`."""

from collections.abc import Iterable, Iterator
from textwrap import indent

import click

from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from persistence.database import Database
from persistence.migrations import SchemaState, head, require_compatible
from persistence.migrations.effects import effects_of
from persistence.migrations.releases import release_of
from persistence.migrations.steps import Step, missing_steps, statements_of


@click.command()
@click.option(
    "--check", is_flag=True, help="Only list the missing migrations; exit code 1 if there are any."
)
@click.option(
    "--plan",
    is_flag=True,
    help="Only describe the missing migrations: which code works with the tables after them,"
    " which tables they lock, and their SQL on PostgreSQL.",
)
def migrate(*, check: bool, plan: bool) -> None:
    """Bring the database's tables up to date.

    Servers of the previous release keep working meanwhile, unless a migration contracts the tables:
    --plan shows that.
    """
    if check and plan:
        raise click.UsageError("--check and --plan exclude each other.")
    with report_errors(), command_database(is_migrated=False) as (settings, database):
        if check:
            _check(database)
        elif plan:
            is_postgres = not settings.database_url.startswith("sqlite:")
            _plan(database.schema_state(), has_sql=is_postgres)
        else:
            database.migrate()
            click.echo(_up_to_date(database.schema_state()))


def _check(database: Database) -> None:
    state = database.schema_state()
    missing = missing_steps(state)
    if not missing:
        require_compatible(state)
        click.echo(_up_to_date(state))
        return
    click.echo(f"The database has schema revision {state.revision or 'none'}. Missing:")
    for step in missing:
        click.echo(_heading(step))
    raise click.exceptions.Exit(1)


def _up_to_date(state: SchemaState) -> str:
    if state.revision == head():
        return "The database is up to date."
    return (
        f"The database has schema revision {state.revision} of a newer release, which also works"
        f" with this release ({head()})."
    )


def _plan(state: SchemaState, *, has_sql: bool) -> None:
    missing = missing_steps(state)
    if not missing:
        click.echo("No migrations are missing.")
    elif state.revision is None:
        click.echo("The database is empty. These migrations create its tables.")
    elif not has_sql:
        click.echo("While a migration runs, all who write to SQLite wait for it.")
    for step in missing:
        click.echo(_heading(step))
        if state.revision is not None:
            click.echo(f"      {_compatibility(step)}")
        if has_sql:
            statements = statements_of(step)
            click.echo(indent("\n".join(_locks(statements)), "      "))
            click.echo(indent("".join(f"\n{text};" for text in statements), "        ") + "\n")


def _heading(step: Step) -> str:
    return f"{step.revision}  {step.title}"


def _compatibility(step: Step) -> str:
    if step.is_expanding:
        return f"expands: code of revision {step.compatible_from} or later goes on working"
    if step.compatible_from is None or step.compatible_from == step.revision:
        return "contracts: stop all servers and workers first, since no earlier code works with it"
    release = release_of(step.compatible_from)
    return (
        f"contracts: first replace all servers and workers by code of revision"
        f" {step.compatible_from}" + (f" (release {release}) or later" if release else " or later")
    )


def _locks(statements: Iterable[str]) -> Iterator[str]:
    for effect in effects_of(statements):
        yield f"{effect.table}: {effect.description}" if effect.table else effect.description
