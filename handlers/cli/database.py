"""Settings and database of a command."""

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
    """The settings of the environment. Raises EnvValidationError, which names bad variables."""
    use_secret()
    settings = read_settings()
    configure_logs(settings)
    return settings


@contextmanager
def command_database(*, is_migrated: bool = True) -> Iterator[tuple[Settings, Database]]:
    """The settings and the open database.

    Raises ClickException, which names the database, if it can't be used, and SchemaMismatch if its
    schema is not that of this release. ``is_migrated=False`` skips the check of the schema.
    """
    settings = command_settings()
    database = open_database(settings)
    try:
        with report_database_errors(settings.database_url):
            if is_migrated:
                database.require_schema()
            with _database_log_silenced():
                yield settings, database
    finally:
        database.close()


def refuse_unsuitable_connections(database: Database) -> None:
    """Raises ClickException, which names the setting to change.

    For a transaction pooler, and for standbys of a distributed database. If the database does not
    answer yet, ``/readyz`` detects both later. Until then, prepared statements that collide with
    those of another client of the pooler fail; none returns another's result.
    """
    try:
        database.require_session_pooling()
        database.require_suitable_standbys()
    except NotReady as refusal:
        raise click.ClickException(refusal.message) from refusal
    except Unavailable:
        log.warning("pooler_unknown", reason="the database does not answer")


@contextmanager
def _database_log_silenced() -> Iterator[None]:
    """Log no errors of the database with tracebacks: the command prints them in its last line."""
    log = logging.getLogger(Database.__module__)
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
