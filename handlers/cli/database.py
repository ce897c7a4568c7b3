"""The database that a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from environs import EnvError

from handlers.app import open_database
from handlers.cli.kept_secret import use_secret
from handlers.logs import configure_logs
from handlers.settings import Settings, read_settings
from persistence.database import Database


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
