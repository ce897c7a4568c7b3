"""`waybill users`."""

import click

from domain.users import NewUser, create_user
from handlers.cli.database import command_database
from handlers.cli.personal_data import erase_user, export_user
from handlers.cli.refusals import refusals_shown
from handlers.passwords import Argon2Passwords


@click.group()
def users() -> None:
    """The shoppers."""


@users.command()
@click.option("--email", required=True)
@click.option("--password", help="Asked for where it is left out, so that no shell keeps it.")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--guest", is_flag=True, help="A guest has no password and can't log in.")
def create(
    email: str, password: str | None, first_name: str, last_name: str, *, guest: bool
) -> None:
    """Create a user who can log in, or a guest."""
    if guest and password is not None:
        raise click.UsageError("A guest has no password.")
    if not guest and password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    new = NewUser(email=email, password=password, first_name=first_name, last_name=last_name)
    with refusals_shown(), command_database() as (_, database), database.writing() as uow:
        user = create_user(new, Argon2Passwords(), uow)
    click.echo(f"User {user.pk} ({user.user_type}): {user.email}")


users.add_command(export_user)
users.add_command(erase_user)
