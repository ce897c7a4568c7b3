"""The database that a command works on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click
import structlog

from domain.shared.errors import Unavailable
from domain.shared.readiness import NotReady
from handlers.cli.demo_secret import use_secret
from handlers.cli.error_reporting import report_database_errors
from handlers.database import open_database
from handlers.logs import configure_logs
from handlers.settings import Settings, read_settings
from persistence.database import Database

log = structlog.get_logger(__name__)


def command_settings() -> Settings:
    """The settings of the environment. Raises EnvValidationError, naming the bad variables."""
    use_secret()
    settings = read_settings()
    configure_logs(settings)
    return settings


@contextmanager
def command_database(*, is_migrated: bool = True) -> Iterator[tuple[Settings, Database]]:
    """The settings and the open database.

    Raises ClickException, which names the database, where it can't be used, and SchemaMismatch for
    other tables than this release needs; with ``is_migrated=False`` these are the command's to see
    to.
    """
    settings = command_settings()
    database = open_database(settings)
    try:
        with report_database_errors(settings.database_url):
            if is_migrated:
                database.require_schema()
            with _said_once():
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


@contextmanager
def _said_once() -> Iterator[None]:
    """Leave out of the log, with its traceback, what the command's last line says."""
    log = logging.getLogger("persistence.database")
    usual = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(usual)
