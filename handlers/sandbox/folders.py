"""The temporary folder of a sandbox."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

_PREFIX = "waybill-sandbox-"
_LOCK = "lock"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder, private to its owner; it is deleted at the end of the block.

    A process that is killed leaves its folder behind. The next sandbox deletes it: its lock is
    free once the process and its workers have ended.
    """
    _remove_leftovers(Path(gettempdir()))
    folder = Path(mkdtemp(prefix=_PREFIX))
    lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers(parent: Path) -> None:
    for lock in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            opened = os.open(lock, os.O_RDWR)
        except OSError:
            continue  # another user's, or deleted meanwhile
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # in use
        else:
            shutil.rmtree(lock.parent, ignore_errors=True)
        finally:
            os.close(opened)
