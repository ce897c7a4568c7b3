"""Files and folders that only the user who runs Waybill can read, for personal data.

The modes do not depend on the umask. Existing files and folders keep their mode, except
in ``open_private_file``.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path
from typing import IO

_OTHERS = 0o077


def make_private_folder(path: Path) -> None:
    """Create a folder and its missing parents, with mode 0700.

    Raises OSError, also if the path is a file.
    """
    missing = [parent for parent in path.parents if not parent.exists()]
    for folder in (*reversed(missing), path):
        folder.mkdir(mode=0o700, exist_ok=True)


def create_private_file(path: Path) -> None:
    """Create an empty file with mode 0600, unless it exists. Raises OSError.

    An existing file is not opened: closing it would release this process's POSIX locks on it,
    which SQLite relies on.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def open_private_file(path: Path, *, append: bool = False) -> IO[bytes]:
    """Open a file for writing with mode 0600, which an existing file gets as well.

    Truncates the file unless ``append`` is set. Raises OSError.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_APPEND if append else 0)
    file = os.fdopen(os.open(path, flags, 0o600), "ab" if append else "wb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # not /dev/stdout
        os.fchmod(file.fileno(), 0o600)
        if not append:
            file.truncate(0)
    return file


@contextmanager
def new_private_file(path: Path) -> Iterator[Path]:
    """Yield an empty file with mode 0600 that becomes ``path`` after the block.

    After an error it is deleted, so that nothing incomplete has that name. Raises FileExistsError
    for an existing ``path``, and OSError.
    """
    if path.exists():
        raise FileExistsError(EEXIST, os.strerror(EEXIST), str(path))
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    create_private_file(part)
    try:
        yield part
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def is_open_to_others(path: Path) -> bool:
    """Whether other users of the machine have any permission on an existing file."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
