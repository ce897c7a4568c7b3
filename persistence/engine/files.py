"""The file of SQLite, which a backup may replace while connections to it are open.

A connection goes on with the file that it opened, although that has no name any more. It would show
what was there before, and store what no later reader finds.
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
    """Have the pool replace connections to a file that is no longer the one of that name."""
    path = file_of(engine)
    if path is None:
        return

    def note(_dialect: object, record: Any, *_: object) -> None:
        # Before it is opened: were it noted afterwards, a file that comes in between would be
        # taken for the one that is open.
        record.info[_FILE] = _identity(path)

    def compare(_connection: object, record: Any, _proxy: object) -> None:
        now = _identity(path)
        opened = record.info[_FILE]
        if opened is None:  # SQLite has made it
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
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
