"""Warns about database files that other users of the machine can read."""

from domain.shared.private_files import is_open_to_others
from handlers.cli.start_warnings import warn
from handlers.settings import Settings
from persistence.engine.engines import database_files


def warn_of_open_files(settings: Settings) -> None:
    """Warn about files of an SQLite database that others can read, with the chmod command.

    This release creates files with mode 0600; an earlier one used the umask.
    """
    paths = [path for path in database_files(settings.database_url) if is_open_to_others(path)]
    if paths:
        names = " ".join(map(str, paths))
        text = f"other users of this machine can read personal data. chmod go= {names}"
        warn(settings, "files_open_to_others", text)
