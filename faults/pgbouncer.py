"""Debian's PgBouncer in front of a PostgreSQL server."""

import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import sqlalchemy as sa

from faults.cluster import FOLDER_PREFIX
from faults.debian import ProgramUnavailable, require_program
from tests.support.server import free_port

SESSION, TRANSACTION = "session", "transaction"

NAME = "pgbouncer"
_READY_SECONDS = 15
# PgBouncer does not run as root, and reads its files before it switches to this user.
_USER = "nobody"
_SETTINGS = """
[databases]
* = {server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 500
server_round_robin = {round_robin}
client_login_timeout = 5
server_connect_timeout = 5
logfile = {folder}/pgbouncer.log
{user}
"""


class PgBouncer:
    """A running PgBouncer; ``url`` connects through it to the database of ``server_url``."""

    def __init__(self, server_url: str, port: int) -> None:
        self._server_url = sa.make_url(server_url)
        self._port = port

    @property
    def url(self) -> str:
        """The URL of the database of ``server_url``."""
        return self.url_of(self._server_url)

    def url_of(self, server_url: sa.URL | str) -> str:
        """The URL of another database on the same server."""
        database_url = sa.make_url(server_url)
        url = sa.URL.create(
            "postgresql",
            "waybill",
            host="127.0.0.1",
            port=self._port,
            database=database_url.database,
        )
        return url.render_as_string(hide_password=False)


@contextmanager
def running_pgbouncer(
    server_url: str, mode: str, size: int, *, round_robin: bool = False
) -> Iterator[PgBouncer]:
    """Start PgBouncer with ``size`` server connections to each database; it ends with the block.

    Raises ProgramUnavailable.
    """
    program = require_program(NAME)
    port = free_port()
    with TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        folder = Path(name)
        server = sa.make_url(server_url)
        user = _user(server) if os.geteuid() == 0 else None
        file = folder / "pgbouncer.ini"
        file.write_text(
            _SETTINGS.format(
                server=_server(server),
                port=port,
                mode=mode,
                size=size,
                round_robin=int(round_robin),
                folder=folder,
                user=f"user = {user}" if user else "",
            )
        )
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        process = subprocess.Popen(
            [program, "-q", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            started = PgBouncer(server_url, port)
            _wait(process, started.url, folder / "pgbouncer.log")
            yield started
        finally:
            process.kill()
            process.wait()


def _user(url: sa.URL) -> str:
    """The user that may connect to the server's socket."""
    folder = Path(_host(url))
    return folder.owner() if folder.is_absolute() else _USER


def _host(url: sa.URL) -> str:
    host = url.host or url.query.get("host", "127.0.0.1")
    return host if isinstance(host, str) else host[0]


def _server(url: sa.URL) -> str:
    """The connection string to PostgreSQL; all clients share its user."""
    parts = {
        "host": _host(url),
        "port": url.port,
        "user": url.username,
        "password": url.password,
    }
    return " ".join(f"{name}={value}" for name, value in parts.items() if value)


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while True:
        try:
            psycopg.connect(url, prepare_threshold=None).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > until:
                output = log.read_text() if log.exists() else ""
                raise ProgramUnavailable(
                    f"PgBouncer does not start: {error} {output[-500:]}"
                ) from error
            time.sleep(0.05)
        else:
            return
