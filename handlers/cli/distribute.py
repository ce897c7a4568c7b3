"""`waybill distribute`."""

import click

from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from persistence.distribution import Distribution


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
        distribution = database.distribution
        if obstacles := distribution.obstacles():
            raise click.ClickException(" ".join(obstacles))
        steps = distribution.steps()
        if mode == "apply" and steps:
            _require_stopped(distribution)
            distribution.apply(click.echo)
            steps = distribution.steps()
    click.echo("The database is distributed." if not steps else f"{steps} steps are left.")


def _require_stopped(distribution: Distribution) -> None:
    """Raises ClickException while a server or worker is connected.

    Its connections would not know that the database is distributed, and write no copies by seller.
    """
    others = distribution.other_connections()
    if others:
        raise click.ClickException(
            f"Servers or workers are running (open connections: {others}). Stop them first."
        )
