"""Disks that fill up: pages of SQLite that are counted, a small file system below PostgreSQL."""

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
from faults.cluster import FOLDERS

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
    """Where a database lies; ``url`` is the database's, and ``code`` what serves it."""

    url: str
    code: str

    def fill(self) -> None:
        """Leave no room."""

    def free(self) -> None:
        """Make room again."""

    def faults(self) -> list[str]:
        """What of the database's files does not fit together."""


class CountedPages:
    """SQLite may take no further page while the disk is full, in whichever process."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._file = folder / "pages"
        self.code = _LIMITED.format(file=str(self._file))
        self.free()
        # Pages that earlier checks have left free would take hundreds of writes.
        with closing(connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("VACUUM")

    def fill(self) -> None:
        # SQLite takes as many as there are for this one.
        self._limit(1)

    def free(self) -> None:
        self._limit(_NO_LIMIT)

    def _limit(self, pages: int) -> None:
        # By replacing the file: somebody may be reading it.
        new = self._file.with_suffix(".new")
        new.write_text(str(pages))
        new.replace(self._file)

    def faults(self) -> list[str]:
        with closing(connect(self.url.removeprefix("sqlite:///"))) as connection:
            told = connection.execute("PRAGMA integrity_check").fetchall()
            told += connection.execute("PRAGMA foreign_key_check").fetchall()
        return [str(row) for row in told if row != ("ok",)]


class SmallTablespace:
    """A database of PostgreSQL whose tables lie on a file system of its own, WAL apart."""

    code = "from handlers.cli.main import cli; cli()"

    def __init__(self, server: Postgres, mount: Path) -> None:
        self.url = server.url("small")
        self._ballast = mount / "ballast"
        place = mount / "tables"
        place.mkdir()
        shutil.chown(place, server.folder.owner(), server.folder.group())
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            located = sql.SQL("CREATE TABLESPACE small LOCATION {}")
            connection.execute(located.format(sql.Literal(str(place))))
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
            torn = connection.execute(
                "SELECT relname, msg FROM pg_class, verify_heapam(oid::regclass)"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ).fetchall()
            # Raises for an index that does not have each row of its table.
            connection.execute(
                "SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class"
                " ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace"
            )
        return [str(row) for row in torn]


@contextmanager
def small_tablespace() -> Iterator[SmallTablespace]:
    """A server of its own with a disk of its own, which only root can mount.

    Raises CalledProcessError or OSError where it can't be.
    """
    with TemporaryDirectory(prefix=FOLDERS) as name:
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
