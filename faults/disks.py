"""Disks that fill up: a page limit for SQLite, a small file system for PostgreSQL."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect
from tempfile import TemporaryDirectory
from typing import Protocol

import psycopg
from psycopg import sql

from benchmarks.postgres import Postgres, postgres
from faults.cluster import FOLDER_PREFIX

_MIB = 1024 * 1024
_DISK_MIB = 96
_NO_LIMIT = 2**32 - 2
_LIMITED = """
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.pool import Pool

def limit(connection, record, proxy):
    connection.execute("PRAGMA max_page_count = " + Path({file!r}).read_text())

event.listen(Pool, "checkout", limit)
from handlers.cli.main import cli; cli()
"""


class Disk(Protocol):
    """The disk of the database ``url``; ``code`` is the Python code that serves it."""

    url: str
    code: str

    def fill(self) -> None:
        """Use up all space."""

    def free(self) -> None:
        """Free the space again."""

    def faults(self) -> list[str]:
        """The corruption found in the database's files."""


class CountedPages:
    """A page limit for SQLite, in all processes, while the disk is full."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._file = folder / "pages"
        self.code = _LIMITED.format(file=str(self._file))
        self.free()
        # Without free pages, which would take hundreds of writes to fill.
        with closing(connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("VACUUM")

    def fill(self) -> None:
        # SQLite raises a limit below the current size to that size.
        self._limit(1)

    def free(self) -> None:
        self._limit(_NO_LIMIT)

    def _limit(self, pages: int) -> None:
        # Replaced atomically, since the server may be reading it.
        new = self._file.with_suffix(".new")
        new.write_text(str(pages))
        new.replace(self._file)

    def faults(self) -> list[str]:
        with closing(connect(self.url.removeprefix("sqlite:///"))) as connection:
            problems = connection.execute("PRAGMA integrity_check").fetchall()
            problems += connection.execute("PRAGMA foreign_key_check").fetchall()
        return [str(row) for row in problems if row != ("ok",)]


class SmallTablespace:
    """A PostgreSQL database with its tables, but not the WAL, on a file system of its own."""

    code = "from handlers.cli.main import cli; cli()"

    def __init__(self, server: Postgres, mount: Path) -> None:
        self.url = server.url("small")
        self._ballast = mount / "ballast"
        place = mount / "tables"
        place.mkdir()
        shutil.chown(place, server.folder.owner(), server.folder.group())
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            create = sql.SQL("CREATE TABLESPACE small LOCATION {}")
            connection.execute(create.format(sql.Literal(str(place))))
            connection.execute("CREATE DATABASE small TABLESPACE small")

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * _MIB)
            except OSError:
                return

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def faults(self) -> list[str]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
            corruption = connection.execute(
                "SELECT relname, msg FROM pg_class, verify_heapam(oid::regclass)"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ).fetchall()
            # Raises where an index lacks a row of its table.
            connection.execute(
                "SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class"
                " ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace"
            )
        return [str(row) for row in corruption]


@contextmanager
def small_tablespace() -> Iterator[SmallTablespace]:
    """A PostgreSQL server with a small disk, which only root can mount.

    Raises CalledProcessError or OSError where the disk can't be mounted.
    """
    with TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        folder = Path(name)
        mount = folder / "disk"
        mount.mkdir()
        options = f"size={_DISK_MIB}m,mode=755"
        _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(mount))
        try:
            with postgres(folder) as server:
                yield SmallTablespace(server, mount)
        finally:
            _run("umount", str(mount))


def _run(program: str, *arguments: str) -> None:
    subprocess.run([shutil.which(program) or program, *arguments], check=True)
