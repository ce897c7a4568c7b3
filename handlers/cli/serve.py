"""`waybill serve`."""

import os
from dataclasses import replace

import click
import structlog
from click.core import ParameterSource

from domain.accounts.users import UserType, email_key
from domain.shared.errors import Unavailable
from domain.shared.readiness import SchemaMismatch
from handlers.app import database_of
from handlers.cli.database import command_settings, refuse_unsuitable_connections
from handlers.cli.demo_secret import make_secret
from handlers.cli.demo_worker import demo_worker
from handlers.cli.doctor_settings import counts_separately, separate_limits
from handlers.cli.error_reporting import report_database_errors
from handlers.cli.free_port import require_free_port
from handlers.cli.open_files import warn_of_open_files
from handlers.cli.secret_strength import require_strong
from handlers.cli.start_warnings import warn
from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from handlers.serving import reloads
from handlers.serving.server import application
from handlers.serving.server import serve as run
from handlers.settings import Settings
from persistence.database import Database

log = structlog.get_logger(__name__)

_DEMO_SHOP = {"users": 40, "orders_per_user": 12, "seed": 1}
_TITLE = """
Waybill serves on {url}
"""
_DOCS = """
  the contract, to try out   {url}/docs
  the contract, to read      {url}/reference"""
_SHOPPER = """
  a shopper who can log in   {email}, password {password}

Log in and list that shopper's newest order:

  curl -s -c var/cookies -H 'Content-Type: application/json' \\
    -d '{{"email": "{email}", "password": "{password}"}}' {url}/users/login/ &&
  curl -s -b var/cookies '{url}/users/orders/?limit=1'
"""


class _Port(click.Option):
    """Names the variable PORT in an error about a value that came from it."""

    def get_error_hint(self, ctx: click.Context | None) -> str:
        is_option = ctx is None or ctx.get_parameter_source("port") is ParameterSource.COMMANDLINE
        return super().get_error_hint(ctx) if is_option else "'PORT'"


@click.command()
@click.option(
    "--demo",
    is_flag=True,
    help="Prepare the database, and a demo shop in an empty one; deliver e-mails, too.",
)
@click.option(
    "--sandbox",
    is_flag=True,
    help="Serve a temporary shop for tests of clients, with an adjustable clock and failures.",
)
@click.option(
    "--port",
    cls=_Port,
    type=click.IntRange(1, 65535),
    envvar="PORT",
    help="Default: PORT, WAYBILL_PORT or 8000.",
)
def serve(demo: bool, sandbox: bool, port: int | None) -> None:
    """Serve the API and its documentation until Ctrl-C or SIGTERM."""
    if sandbox:
        if demo:
            raise click.UsageError("--demo and --sandbox exclude each other.")
        from handlers.cli.sandbox import serve_sandbox  # other servers do not need it

        serve_sandbox(port)
        return
    if demo:
        make_secret()
        os.environ["WAYBILL_DEMO"] = "true"
    settings = command_settings()
    if not demo:
        require_strong(settings.secret)
        if settings.secret_previous:
            require_strong(settings.secret_previous, "WAYBILL_SECRET_PREVIOUS")
    if not reloads.is_check():  # the process after it warns
        _warn(settings)
    if port is not None:
        settings = replace(settings, port=port)
        os.environ["WAYBILL_PORT"] = str(port)  # the application reads its own settings
    require_free_port(settings)
    database = database_of(application())
    with report_database_errors(settings.database_url):
        refuse_unsuitable_connections(database)
        if not demo:
            _require_schema(database)
            run(settings)
            return
        _print_urls(settings, prepare_demo_shop(database))
    with demo_worker(settings):
        run(settings, is_temporary=True)


def _warn(settings: Settings) -> None:
    """Warn about settings and files that let others do or see more than they should."""
    warn_of_open_files(settings)
    if counts_separately(settings):
        warn(settings, "limits_counted_separately", f"{separate_limits(settings)}.")


def _require_schema(database: Database) -> None:
    """Raises SchemaMismatch, and Unavailable for a missing SQLite file.

    A database that is not reachable yet is no error: the probes wait for it.
    """
    try:
        database.require_schema()
    except SchemaMismatch:
        raise
    except Unavailable as refusal:
        if isinstance(refusal.__cause__, FileNotFoundError):
            raise
        log.warning("database_unavailable", reason=str(refusal.__cause__).partition("\n")[0])
    database.close()  # the workers, forks of this process, open their own connections


def prepare_demo_shop(database: Database) -> bool:
    """Migrate the database, and fill it if it is empty; another shop stays unchanged.

    Returns whether the database has the demo shopper.
    """
    database.migrate()
    with database.reading() as uow:
        is_empty = uow.users.is_empty()
    if is_empty:
        _fill(database)
    with database.reading() as uow:
        shopper = uow.users.by_email_key(email_key(DEMO_EMAIL), UserType.REGISTERED)
    database.close()  # the workers, forks of this process, open their own connections
    return shopper is not None


def _fill(database: Database) -> None:
    # Imported here: only an empty demo shop needs it.
    from handlers.cli.demo_shop_loader import seed_demo_shop

    click.echo("Filling the demo shop …")
    for _ in seed_demo_shop(database, **_DEMO_SHOP):
        pass


def _print_urls(settings: Settings, has_demo_shopper: bool) -> None:
    text = _TITLE + (_DOCS if settings.docs else "") + (_SHOPPER if has_demo_shopper else "\n")
    url = f"http://{settings.host}:{settings.port}"
    click.echo(text.format(url=url, email=DEMO_EMAIL, password=DEMO_PASSWORD))
