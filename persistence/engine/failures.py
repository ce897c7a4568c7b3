"""What the errors of the drivers mean: is the database unavailable, and is the connection usable?

SQLSTATEs are those of PostgreSQL's manual, appendix A; result codes are those of
https://sqlite.org/rescode.html.
"""

import sqlite3
from typing import Any

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

# A serialization failure and a deadlock. SQLite has one writer at a time, and neither.
_LOST_RACES = frozenset({"40001", "40P01"})
_READ_ONLY = "25006"
_CORRUPT = frozenset({"XX001", "XX002"})
# A statement that this connection prepared is not on the server connection that runs it, or one is
# there that it did not prepare: somewhere between is a pooler that exchanges server connections.
_EXCHANGED = frozenset({"26000", "42P05", "08P01"})
_MISSING_TABLE = "42P01"
_NOT_SUPPORTED = "0A000"
# Most causes of 0A000 are mistakes in a statement. These functions of the server report others; the
# text of the message depends on the server's language.
_RECOVERY = frozenset({"check_transaction_read_only", "check_XactReadOnly"})
_STALE_PLAN = "RevalidateCachedQuery"

_PRIMARY_CODE = 0xFF
_SQLITE_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# A full disk (SQLITE_FULL) is not here: the connection works, and to open another one may need
# room on the disk.
_SQLITE_UNUSABLE = _SQLITE_CORRUPT | {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}


def is_lost_race(error: DBAPIError) -> bool:
    """Whether the transaction was ended so that another one could go on."""
    return _sqlstate(error.orig) in _LOST_RACES


def is_read_only(error: DBAPIError) -> bool:
    """Whether the database refuses to be written: a standby, a demoted primary, a read-only file.

    PostgreSQL refuses a statement with 25006, and with 0A000 to begin a transaction that writes.
    """
    if _sqlstate(error.orig) == _READ_ONLY or _is_reported_by(error.orig, _RECOVERY):
        return True
    return _sqlite_code(error.orig) == sqlite3.SQLITE_READONLY


def is_missing_table(error: DBAPIError) -> bool:
    """Whether a statement names a table that is not there."""
    if _sqlite_code(error.orig) == sqlite3.SQLITE_ERROR:
        return str(error.orig).startswith("no such table")
    return _sqlstate(error.orig) == _MISSING_TABLE


def is_corrupt(error: DBAPIError) -> bool:
    """Whether stored pages can not be what was written."""
    return _sqlstate(error.orig) in _CORRUPT or _sqlite_code(error.orig) in _SQLITE_CORRUPT


def is_busy(error: sqlite3.Error | DBAPIError) -> bool:
    """Whether another connection is at the file: at work, or recovering it (an extended code)."""
    driver = error.orig if isinstance(error, DBAPIError) else error
    return _sqlite_code(driver) == sqlite3.SQLITE_BUSY


def is_unavailable(error: DBAPIError) -> bool:
    """Whether the same request may succeed later, when the database is in order again."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return is_read_only(error) or is_corrupt(error) or is_unusable(error.orig)


def is_unusable(error: BaseException | None) -> bool:
    """Whether a driver's error says that its connection must not be used again."""
    if _sqlite_code(error) in _SQLITE_UNUSABLE:
        return True
    if _sqlstate(error) in _EXCHANGED or _sqlstate(error) == _READ_ONLY:
        return True
    return _is_reported_by(error, _RECOVERY | {_STALE_PLAN})


def is_stale_plan(error: BaseException | None) -> bool:
    """Whether a migration has changed what a prepared statement returns: all connections have it.

    PostgreSQL says "cached plan must not change result type" each time, for ever.
    """
    return _is_reported_by(error, {_STALE_PLAN})


def discard_unusable(context: ExceptionContext) -> None:
    """Have SQLAlchemy close a connection that must not be used again; for ``handle_error``."""
    if is_unusable(context.original_exception):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = is_stale_plan(context.original_exception)


def _sqlstate(error: BaseException | None) -> str | None:
    return getattr(error, "sqlstate", None)


def _is_reported_by(error: BaseException | None, functions: frozenset[str] | set[str]) -> bool:
    told: Any = getattr(error, "diag", None)
    return _sqlstate(error) == _NOT_SUPPORTED and told.source_function in functions


def _sqlite_code(error: BaseException | None) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & _PRIMARY_CODE
