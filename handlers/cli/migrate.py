"""`waybill migrate`."""

import click

from handlers.cli.database import command_database


@click.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    with command_database() as (_, database):
        database.migrate()
    click.echo("The database is up to date.")
