"""`waybill migrate`."""

import click

from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors


@click.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    with report_errors(), command_database(is_migrated=False) as (_, database):
        database.migrate()
    click.echo("The database is up to date.")
