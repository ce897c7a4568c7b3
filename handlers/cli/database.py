"""The database that a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import structlog
from environs import EnvError

from domain.errors import Unavailable
from domain.readiness import NotReady
from handlers.app import open_database
from handlers.cli.kept_secret import use_secret
from handlers.logs import configure_logs
from handlers.settings import Settings, read_settings
from persistence.database import Database

log = structlog.get_logger(__name__)


def command_settings() -> Settings:
    """The settings of the environment. Raises ClickException, naming the bad variables."""
    use_secret()
    try:
        settings = read_settings()
    except EnvError as error:
        raise click.ClickException(str(error)) from error
    configure_logs(settings)
    return settings


@contextmanager
def command_database() -> Iterator[tuple[Settings, Database]]:
    """The settings and the open database."""
    settings = command_settings()
    database = open_database(settings)
    try:
        yield settings, database
    finally:
        database.close()


def refuse_transaction_pooler(database: Database) -> None:
    """Raises ClickException, which names the setting, for a pooler that needs it.

    Where the database does not answer yet, ``/readyz`` finds out later; meanwhile a statement that
    meets another client's is an error, and never that client's answer.
    """
    try:
        database.require_session_pooling()
    except NotReady as refusal:
        raise click.ClickException(refusal.message) from refusal
    except Unavailable:
        log.warning("pooler_unknown", reason="the database does not answer")
