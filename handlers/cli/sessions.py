"""`waybill sessions`."""

from contextlib import suppress

import click

from domain.accounts.sessions import OpenedSession, open_session
from domain.accounts.users import UserType, lock_by_email
from domain.shared.errors import NotFound
from handlers.auth.cookies import CSRF_COOKIE, session_cookie
from handlers.auth.session_cookies import CSRF_HEADER, new_csrf_token, session_lifetime
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.settings import Settings
from persistence.database import Database

_TEXT = """\
Key      Authorization: Session {key}  (for programs, instead of the cookies)
Cookies  {cookies}
Header   {header}  (beside the cookies, for requests that change something)
Expires  {expires:%Y-%m-%d %H:%M} UTC

curl -H 'Authorization: Session {key}' http://{host}:{port}/users/orders/"""


@click.group()
def sessions() -> None:
    """Logins."""


@sessions.command()
@click.option("--email", required=True, help="Of the user whose session it will be.")
@click.option("--guest", is_flag=True, help="The guest with this address.")
def create(email: str, *, guest: bool) -> None:
    """Open a session without a password, and print what a client needs to use it."""
    user_type = UserType.GUEST if guest else UserType.REGISTERED
    with report_errors(), command_database() as (settings, database):
        opened = _open(database, settings, email, user_type)
    click.echo(_instructions(opened, settings))


def _open(database: Database, settings: Settings, email: str, user_type: UserType) -> OpenedSession:
    with database.writing() as uow:
        with suppress(NotFound):
            user = lock_by_email(email, user_type, uow)
            if user.is_active:
                return open_session(user, session_lifetime(settings), uow)
        raise click.ClickException(f"There is no active {user_type} user {email}.")


def _instructions(opened: OpenedSession, settings: Settings) -> str:
    token = new_csrf_token(opened.value, settings)
    return _TEXT.format(
        key=opened.value,
        cookies=f"{session_cookie(settings)}={opened.value}; "
        f"{settings.cookie_name(CSRF_COOKIE)}={token}",
        header=f"{CSRF_HEADER}: {token}",
        expires=opened.expires_date,
        host=settings.host,
        port=settings.port,
    )
