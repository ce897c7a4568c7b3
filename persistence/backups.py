"""Backups of the database, while it is in use."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from errno import ENOENT
from pathlib import Path

import psycopg.conninfo

from domain.shared.private_files import new_private_file
from persistence.engine.sqlite import BUSY_TIMEOUT_MS

PAGES = 4096
"""How many pages are copied between two reports of the progress."""


class BackupFailed(Exception):
    """No backup was written; ``str()`` is the reason, in one or more lines."""


class ProgramMissing(BackupFailed):
    """A program of PostgreSQL is not installed; ``str()`` is the command to run elsewhere."""


def back_up_sqlite(source: Path, target: Path, report: Callable[[int, int], object]) -> None:
    """Copy the database as it is now to the new file ``target``, mode 0600, and check the copy.

    Writers do not wait, and none of their changes is copied in part. ``report`` gets the number of
    pages that are left, and of all pages. Raises FileNotFoundError if there is no source,
    FileExistsError if ``target`` exists, OSError, and BackupFailed, also for a damaged database.
    """
    if not source.exists():
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(source))
    with new_private_file(target) as part:
        try:
            _copy(source, part, report)
        except sqlite3.Error as error:
            raise BackupFailed(str(error)) from error


def dump_postgres(url: str, target: Path) -> None:
    """Dump the database to the new file ``target``, mode 0600, in the custom format.

    Then read the table of contents back, as a check. Raises FileExistsError, OSError,
    ProgramMissing and BackupFailed.
    """
    connection, environment = _connection(url)
    with new_private_file(target) as part:
        dump = ("--format=custom", f"--file={part}", f"--dbname={connection}")
        _run("pg_dump", *dump, environment=environment)
        _run("pg_restore", "--list", str(part), environment=environment)


def _copy(source: Path, part: Path, report: Callable[[int, int], object]) -> None:
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(part)) as copy,
    ):
        original.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        # Without a transaction, each change by another process would restart the copy.
        original.execute("BEGIN")
        original.execute("SELECT 1 FROM sqlite_schema").fetchone()
        original.backup(
            copy, pages=PAGES, progress=lambda _status, left, total: report(left, total)
        )
        # One file, without -wal and -shm beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        _check(copy)


def _check(copy: sqlite3.Connection) -> None:
    """Raises BackupFailed, or sqlite3.DatabaseError for a file that is not readable at all."""
    [(result,)] = copy.execute("PRAGMA integrity_check(1)")
    if result != "ok":
        raise BackupFailed(result)
    dangling = copy.execute("PRAGMA foreign_key_check").fetchone()
    if dangling is not None:
        raise BackupFailed(f"a row of {dangling[0]} refers to a missing row of {dangling[2]}")


def _connection(url: str) -> tuple[str, dict[str, str]]:
    """Return the connection string for the command line, and the environment with the password.

    Every user of the machine can read command lines.
    """
    url_of_libpq = url.replace("postgresql+psycopg:", "postgresql:", 1)
    parameters = psycopg.conninfo.conninfo_to_dict(url_of_libpq)
    password = parameters.pop("password", None)
    secret = {} if password is None else {"PGPASSWORD": str(password)}
    return psycopg.conninfo.make_conninfo("", **parameters), {**os.environ, **secret}


def _run(program: str, *arguments: str, environment: dict[str, str]) -> None:
    path = shutil.which(program)
    if path is None:
        raise ProgramMissing(" ".join([program, *arguments]))
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL, without a shell
        [path, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupFailed(done.stderr.strip() or f"{program} has failed")
