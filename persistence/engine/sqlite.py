"""Connections to SQLite: their settings, their transactions, and waiting for the write lock."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import uniform
from threading import Lock
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from domain.shared.errors import Unavailable
from domain.shared.private_files import create_private_file
from persistence.engine.failures import is_busy

BUSY_TIMEOUT_MS = 5000
SYNCHRONOUS = "FULL"  # what is acknowledged survives a crash of the machine
BEGIN = "sqlite_begin"
"""The execution option with the statement that begins a transaction; without it, none begins."""
BEGIN_WRITING = "BEGIN IMMEDIATE"
_BACKOFF = (0.002, 0.01)  # seconds


class WriteLockTimeout(Unavailable):
    """Another thread of this process held SQLite's write lock for too long."""

    cause = "write_lock"


def set_up_connections(engine: sa.Engine) -> None:
    """Set up the connections of ``engine`` when they are opened, and begin their transactions."""
    event.listen(engine, "do_connect", _create_privately)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)


@contextmanager
def hold_write_lock(lock: Lock) -> Iterator[None]:
    """Let one thread of this process write at a time.

    SQLite polls for its write lock, so newcomers can starve older waiters until they time out. A
    lock of the process makes its writers fair. Raises WriteLockTimeout when it is not free within
    the busy timeout.
    """
    if not lock.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
        raise WriteLockTimeout
    try:
        yield
    finally:
        lock.release()


def _create_privately(
    _dialect: sa.Dialect, _record: object, arguments: Sequence[Any], _options: object
) -> None:
    """Create the file with mode 0600 before SQLite does; -wal and -shm get the same mode.

    SQLite reports the error if that is not possible.
    """
    name = arguments[0]
    if name and not name.startswith((":", "file:")):
        with suppress(OSError):
            create_private_file(Path(name))


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # None: _begin begins transactions, not the driver.
    connection.isolation_level = None
    connection.execute(busy_timeout(BUSY_TIMEOUT_MS))
    # When two connections open a new file, SQLite fails for one of them at once, without waiting.
    retry_while_busy(partial(connection.execute, "PRAGMA journal_mode = WAL"))
    connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: sa.Connection) -> None:
    begin = connection.get_execution_options().get(BEGIN)
    if begin == BEGIN_WRITING:
        _begin_writing(connection)
    elif begin is not None:
        connection.exec_driver_sql(begin)


def _begin_writing(connection: sa.Connection) -> None:
    """Wait for the write lock, which other processes want as well, for the busy timeout.

    SQLite's own pauses grow to a tenth of a second, and seldom end in the short time between two
    writers. With equal pauses all processes have the same chance.
    """
    connection.exec_driver_sql(busy_timeout(0))
    try:
        retry_while_busy(partial(connection.exec_driver_sql, BEGIN_WRITING))
    finally:
        connection.exec_driver_sql(busy_timeout(BUSY_TIMEOUT_MS))


def retry_while_busy(attempt: Callable[[], object]) -> None:
    """Repeat ``attempt`` while SQLite reports that the file is busy, up to the busy timeout.

    Raises any other error of ``attempt``, and the last one after the timeout.
    """
    until = monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            attempt()
        except (sqlite3.OperationalError, OperationalError) as error:
            if monotonic() > until or not is_busy(error):
                raise
            sleep(uniform(*_BACKOFF))  # noqa: S311 - no secret
        else:
            return


def busy_timeout(milliseconds: int) -> str:
    """Return the statement that sets how long a connection to SQLite waits for a lock."""
    return f"PRAGMA busy_timeout = {milliseconds}"
