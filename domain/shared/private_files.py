"""Files and folders with personal data: only the user who runs Waybill can read them.

The modes do not depend on the umask. What exists already keeps its mode.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

_OTHERS = 0o077


def make_private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, with mode 0700.

    Raises OSError, also for a file in its place.
    """
    missing = [each for each in path.parents if not each.exists()]
    for each in (*reversed(missing), path):
        each.mkdir(mode=0o700, exist_ok=True)


def create_private_file(path: Path) -> None:
    """Make an empty file with mode 0600, unless there is one. Raises OSError.

    A file that is there is not opened: to close it again would end the locks that this process
    has on it (POSIX), and SQLite relies on them.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def open_private_file(path: Path, *, append: bool = False) -> IO[bytes]:
    """Open a file for writing with mode 0600, also one that existed with another.

    What it held is lost, unless ``append`` is set. Raises OSError.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_APPEND if append else 0)
    file = os.fdopen(os.open(path, flags, 0o600), "ab" if append else "wb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # not /dev/stdout
        os.fchmod(file.fileno(), 0o600)
        if not append:
            file.truncate(0)
    return file


def is_open_to_others(path: Path) -> bool:
    """Whether other users of the machine may do anything with an existing file."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
