"""`waybill distribute`."""

import click

from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors


@click.command()
@click.option("--check", "mode", flag_value="check", help="Show what is missing; change nothing.")
@click.option("--apply", "mode", flag_value="apply", help="Distribute the tables.")
def distribute(mode: str | None) -> None:
    """Distribute the tables over nodes of Citus.

    Migrate the database, and stop all servers and workers first. A second run continues an
    interrupted one.
    """
    if mode is None:
        raise click.UsageError("Choose --check or --apply.")
    with report_errors(), command_database() as (_, database):
        if obstacles := database.distribution.obstacles():
            raise click.ClickException(" ".join(obstacles))
        if mode == "apply":
            database.distribution.apply(click.echo)
        steps = database.distribution.steps()
    click.echo("The database is distributed." if not steps else f"{steps} steps are left.")
