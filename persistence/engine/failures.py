"""Classify the drivers' errors: is the database unavailable, is the connection still usable?

SQLSTATEs are those of PostgreSQL's manual, appendix A; result codes are those of
https://sqlite.org/rescode.html.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from domain.shared.errors import Unavailable

Result = TypeVar("Result")

# A serialization failure and a deadlock. SQLite has one writer at a time, and neither.
_LOST_RACES = frozenset({"40001", "40P01"})
_READ_ONLY = "25006"
_CORRUPT = frozenset({"XX001", "XX002"})
# The server connection lacks a statement that this connection has prepared, or has another one: a
# pooler in between exchanges server connections.
_EXCHANGED = frozenset({"26000", "42P05", "08P01"})
_MISSING_TABLE = "42P01"
_LOCK_TIMEOUT = "55P03"
_NOT_SUPPORTED = "0A000"
# Most causes of 0A000 are mistakes in a statement; these functions of the server report others. The
# message itself depends on the server's language.
_RECOVERY = frozenset({"check_transaction_read_only", "check_XactReadOnly"})
_STALE_PLAN = "RevalidateCachedQuery"

_PRIMARY_CODE = 0xFF
_SQLITE_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# Without SQLITE_FULL: the connection works, and opening another one may need disk space.
_SQLITE_UNUSABLE = _SQLITE_CORRUPT | {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}


class LostRace(Unavailable):
    """The transaction lost to another one and was rolled back; a second try may succeed."""

    cause = "conflict"


class PoolExhausted(Unavailable):
    """All connections of the process were in use for too long."""

    cause = "pool"


class AnswerTimeout(psycopg.OperationalError):
    """PostgreSQL did not answer in time, so the connection was closed."""


def is_closed_by_server(error: DBAPIError) -> bool:
    """Whether PostgreSQL or the network has ended a connection that was open: after a restart or a
    failover all older connections are.
    """
    return error.connection_invalidated and ended_connection(error.orig)


def ended_connection(error: BaseException | None) -> bool:
    """Whether a driver's error that ended a connection came from the server or the network."""
    is_own = isinstance(error, AnswerTimeout) or is_unusable(error)
    return isinstance(error, psycopg.OperationalError) and not is_own


def cause_of(error: BaseException) -> BaseException:
    """Return the driver's error behind one of SQLAlchemy; any other error itself."""
    cause: BaseException = getattr(error, "orig", None) or error
    return cause


def read_again_if_closed(read: Callable[[], Result]) -> Result:
    """Return the result of ``read``, which only reads.

    It runs once more if the server had closed its connection.
    """
    try:
        return read()
    except DBAPIError as error:
        if not is_closed_by_server(error):
            raise
    return read()


def is_lost_race(error: DBAPIError) -> bool:
    """Whether the transaction was rolled back in favour of another one."""
    return _sqlstate(error.orig) in _LOST_RACES


def is_read_only(error: DBAPIError) -> bool:
    """Whether the database is read-only: a standby, a demoted primary, a read-only file.

    PostgreSQL reports 25006 for a statement, and 0A000 for beginning a transaction that writes.
    """
    if _sqlstate(error.orig) == _READ_ONLY or _is_reported_by(error.orig, _RECOVERY):
        return True
    return _sqlite_code(error.orig) == sqlite3.SQLITE_READONLY


def is_missing_table(error: DBAPIError) -> bool:
    """Whether a statement names a table that does not exist."""
    if _sqlite_code(error.orig) == sqlite3.SQLITE_ERROR:
        return str(error.orig).startswith("no such table")
    return _sqlstate(error.orig) == _MISSING_TABLE


def is_lock_timeout(error: DBAPIError) -> bool:
    """Whether a lock of PostgreSQL was not free within its ``lock_timeout``."""
    return _sqlstate(error.orig) == _LOCK_TIMEOUT


def is_corrupt(error: DBAPIError) -> bool:
    """Whether stored pages are damaged."""
    return _sqlstate(error.orig) in _CORRUPT or _sqlite_code(error.orig) in _SQLITE_CORRUPT


def is_busy(error: sqlite3.Error | DBAPIError) -> bool:
    """Whether another connection has locked the file or is recovering it (an extended code)."""
    driver = error.orig if isinstance(error, DBAPIError) else error
    return _sqlite_code(driver) == sqlite3.SQLITE_BUSY


def is_unavailable(error: DBAPIError) -> bool:
    """Whether the same request may succeed later, when the database works again."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return is_read_only(error) or is_corrupt(error) or is_unusable(error.orig)


def is_unusable(error: BaseException | None) -> bool:
    """Whether the connection must not be used again after a driver's error."""
    if _sqlite_code(error) in _SQLITE_UNUSABLE:
        return True
    if _sqlstate(error) in _EXCHANGED or _sqlstate(error) == _READ_ONLY:
        return True
    return _is_reported_by(error, _RECOVERY | {_STALE_PLAN})


def is_stale_plan(error: BaseException | None) -> bool:
    """Whether a migration has changed what a prepared statement returns, on any connection.

    PostgreSQL reports "cached plan must not change result type" each time from then on.
    """
    return _is_reported_by(error, {_STALE_PLAN})


def discard_unusable(context: ExceptionContext) -> None:
    """Make SQLAlchemy close a connection that must not be used again; for ``handle_error``."""
    if is_unusable(context.original_exception):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = is_stale_plan(context.original_exception)


def _sqlstate(error: BaseException | None) -> str | None:
    return getattr(error, "sqlstate", None)


def _is_reported_by(error: BaseException | None, functions: frozenset[str] | set[str]) -> bool:
    diagnostics: Any = getattr(error, "diag", None)
    return _sqlstate(error) == _NOT_SUPPORTED and diagnostics.source_function in functions


def _sqlite_code(error: BaseException | None) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & _PRIMARY_CODE
