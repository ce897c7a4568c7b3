"""`waybill users`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from domain.accounts.handovers import create_handover
from domain.accounts.password_resets import set_password
from domain.accounts.user_accounts import (
    NewUser,
    activate_user,
    create_user,
    deactivate_user,
    end_sessions,
)
from domain.accounts.users import MAX_PASSWORD_LENGTH, UserType, check_password
from domain.shared.errors import NotFound
from domain.unit_of_work import UnitOfWork
from handlers.auth.one_time_links import handover_url
from handlers.auth.passwords import Argon2Passwords
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.operator_option import operator_option
from handlers.cli.personal_data import erase_user, export_user

Result = TypeVar("Result")

_email = click.option("--email", required=True, help="Of the user.")
_guest = click.option("--guest", is_flag=True, help="The guest with this address.")


@click.group()
def users() -> None:
    """The shoppers."""


@users.command()
@click.option("--email", required=True)
@click.option("--password", help="Prompted for if left out, so that no shell history has it.")
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
        password = _prompt_for_password()
    new = NewUser(email=email, password=password, first_name=first_name, last_name=last_name)
    with report_errors(), command_database() as (_, database), database.writing() as uow:
        user = create_user(new, Argon2Passwords(), uow)
    click.echo(f"User {user.pk} ({user.user_type}): {user.email}")


@users.command("set-password")
@_email
@click.option("--stdin", "is_piped", is_flag=True, help="Read it from standard input: one line.")
@operator_option
def set_password_(email: str, actor: str, *, is_piped: bool) -> None:
    """Set a user's password, and end their sessions. An e-mail tells the user."""
    password = _read_line() if is_piped else _prompt_for_password()
    with report_errors():
        check_password(password)
        password_hash = Argon2Passwords().hash(password)
        user = _write(email, lambda uow: set_password(email, password_hash, actor, uow))
    click.echo(f"User {user.pk} has a new password, and no session.")


@users.command()
@_email
@_guest
@operator_option
def deactivate(email: str, actor: str, *, guest: bool) -> None:
    """Keep a user from logging in, and end their sessions."""
    user = _write(email, lambda uow: deactivate_user(email, _type(guest), actor, uow))
    click.echo(f"User {user.pk} is inactive, and has no session.")


@users.command()
@_email
@_guest
@operator_option
def activate(email: str, actor: str, *, guest: bool) -> None:
    """Let a deactivated user log in again."""
    user = _write(email, lambda uow: activate_user(email, _type(guest), actor, uow))
    click.echo(f"User {user.pk} is active.")


@users.command("end-sessions")
@_email
@_guest
@operator_option
def end_sessions_(email: str, actor: str, *, guest: bool) -> None:
    """Log a user out everywhere."""
    user, count = _write(email, lambda uow: end_sessions(email, _type(guest), actor, uow))
    click.echo(f"User {user.pk} had {count} {'session' if count == 1 else 'sessions'}.")


@users.command()
@_email
@operator_option
def handover(email: str, actor: str) -> None:
    """Print a link that opens a session of a user once, within a minute."""
    with _report_errors_of(f"active user {email}"), command_database() as (settings, database):
        token = database.write(lambda uow: create_handover(email, actor, uow))
        click.echo(handover_url(token.uuid, settings))
        click.echo(f"Expires {token.expires_date:%Y-%m-%d %H:%M:%S} UTC")


def _type(is_guest: bool) -> UserType:
    return UserType.GUEST if is_guest else UserType.REGISTERED


def _write(email: str, work: Callable[[UnitOfWork], Result]) -> Result:
    with _report_errors_of(f"user {email}"), command_database() as (_, database):
        return database.write(work)


@contextmanager
def _report_errors_of(description: str) -> Iterator[None]:
    """Report errors; NotFound as "There is no …" with the description of the user."""
    with report_errors():
        try:
            yield
        except NotFound:
            raise click.ClickException(f"There is no {description}.") from None


def _prompt_for_password() -> Any:
    return click.prompt("Password", hide_input=True, confirmation_prompt=True)


def _read_line() -> str:
    """The first line without its end; reads no more than the longest password."""
    line = sys.stdin.readline(MAX_PASSWORD_LENGTH + 2)
    return line.removesuffix("\n").removesuffix("\r")


users.add_command(export_user)
users.add_command(erase_user)
