"""A warning about files with personal data that other users of the machine can read."""

import click

from domain.shared.private_files import is_open_to_others
from handlers.settings import Settings
from persistence.engine.engines import database_files


def warn_of_open_files(settings: Settings) -> None:
    """Say which files of an SQLite database are open, and how to close them.

    New ones are made with mode 0600; an earlier release used the umask.
    """
    found = [path for path in database_files(settings.database_url) if is_open_to_others(path)]
    if found:
        names = " ".join(map(str, found))
        click.echo(
            f"Warning: other users of this machine can read personal data. chmod go= {names}",
            err=True,
        )
