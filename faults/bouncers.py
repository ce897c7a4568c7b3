"""Debian's PgBouncer before a PostgreSQL server."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import sqlalchemy as sa

from faults.cluster import FOLDERS
from tests.support.server import free_port

SESSION, TRANSACTION = "session", "transaction"

_NAME = "pgbouncer"
_WHERE = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
_INSTALL_SECONDS = 180
_READY_SECONDS = 15
# It does not run as root, and reads its files before it becomes another user.
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


class NoPgBouncer(RuntimeError):
    """It is not installed, and can not be; the message says why."""


class Bouncer:
    """A running PgBouncer; ``url`` leads through it to the same database as ``server_url``."""

    def __init__(self, server_url: str, port: int) -> None:
        self._server_url = sa.make_url(server_url)
        self._port = port

    @property
    def url(self) -> str:
        """Of the database that was named."""
        return self.url_of(self._server_url)

    def url_of(self, server_url: sa.URL | str) -> str:
        """Of another database on the same server."""
        there = sa.make_url(server_url)
        here = sa.URL.create(
            "postgresql", "waybill", host="127.0.0.1", port=self._port, database=there.database
        )
        return here.render_as_string(hide_password=False)


@contextmanager
def bouncer(
    server_url: str, mode: str, size: int, *, round_robin: bool = False
) -> Iterator[Bouncer]:
    """Start one with ``size`` server connections to each database; it ends with the block.

    Raises NoPgBouncer where there is none and it can not be installed.
    """
    program = require_pgbouncer()
    port = free_port()
    with TemporaryDirectory(prefix=FOLDERS) as name:
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
            started = Bouncer(server_url, port)
            _wait(process, started.url, folder / "pgbouncer.log")
            yield started
        finally:
            process.kill()
            process.wait()


def require_pgbouncer() -> str:
    """Return the path of the program; root installs it where Debian's packages are to be had.

    Raises NoPgBouncer.
    """
    found = shutil.which(_NAME, path=_WHERE)
    if found is None:
        _install()
        found = shutil.which(_NAME, path=_WHERE)
    if found is None:
        raise NoPgBouncer("pgbouncer is installed, and its program is not found")
    return found


def _install() -> None:
    """Raises NoPgBouncer."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise NoPgBouncer(
            "PgBouncer is not installed, and only root can install it by apt-get: install the"
            " package pgbouncer"
        )
    # RUNLEVEL: the package's own service is not to be started.
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    patiently = ["-o", "DPkg::Lock::Timeout=120"]  # another test may be installing it
    for command in (["update"], ["install", "--yes", "--no-install-recommends", _NAME]):
        try:
            subprocess.run(
                [apt, *patiently, "-qq", *command],
                env=env,
                check=True,
                capture_output=True,
                text=True,
                timeout=_INSTALL_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            raise NoPgBouncer(f"apt-get {command[0]} failed: {said[-1:]}") from error


def _user(url: sa.URL) -> str:
    """Who may use the server's socket."""
    folder = Path(_host(url))
    return folder.owner() if folder.is_absolute() else _USER


def _host(url: sa.URL) -> str:
    host = url.host or url.query.get("host", "127.0.0.1")
    return host if isinstance(host, str) else host[0]


def _server(url: sa.URL) -> str:
    """How PgBouncer connects to PostgreSQL: whoever comes is this user there."""
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
                said = log.read_text() if log.exists() else ""
                raise NoPgBouncer(f"it does not start: {error} {said[-500:]}") from error
            time.sleep(0.05)
        else:
            return
