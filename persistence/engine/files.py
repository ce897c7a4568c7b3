"""The file of SQLite, which a backup may replace while connections to it are open.

A connection keeps the file that it opened, even after that file is unlinked. It would read old rows
and write rows that no later reader finds.
"""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError

_FILE = "file"

Identity = tuple[int, int] | None
"""Device and inode; None where there is no file."""


def reconnect_when_replaced(engine: sa.Engine) -> None:
    """Make the pool replace connections whose file was replaced by another one."""
    path = file_of(engine)
    if path is None:
        return

    def note(_dialect: object, record: Any, *_: object) -> None:
        # Before the file is opened: afterwards, a file that was put there in between would be taken
        # for the open one.
        record.info[_FILE] = _identity(path)

    def compare(_connection: object, record: Any, _proxy: object) -> None:
        now = _identity(path)
        opened = record.info[_FILE]
        if opened is None:  # SQLite has created it
            record.info[_FILE] = now
        elif opened != now:
            raise DisconnectionError

    event.listen(engine, "do_connect", note)
    event.listen(engine, "checkout", compare)


def file_of(engine: sa.Engine) -> Path | None:
    """Return the file of an engine of SQLite; None for a database in memory."""
    name = engine.url.database
    return Path(name) if name and name != ":memory:" else None


def _identity(path: Path) -> Identity:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
