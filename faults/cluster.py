"""A PostgreSQL server to kill, restart, freeze and disconnect."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

import psutil
import psycopg

from benchmarks.postgres import Postgres, postgres

# Not within pytest's folders, which the server's user can't read.
FOLDER_PREFIX = "waybill-faults-"
_EXIT_SECONDS = 10


class Cluster:
    """A running server with one database, whose ``url`` stays the same after restarts."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        postgres.create("faults")
        self.url = postgres.url("faults")

    def cut(self) -> None:
        """Terminate all connections to the database, as a proxy or an operator may."""
        with psycopg.connect(self._postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'faults'"
            )

    def kill(self) -> None:
        """Kill all processes of the server, as when memory runs out, and start it again."""
        self._end(signal.SIGKILL, self._processes())

    def restart(self) -> None:
        """Stop the server by a fast shutdown, and start it again."""
        self._end(signal.SIGINT, self._processes()[:1])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend all processes of the server during the block."""
        processes = self._processes()
        try:
            _signal(signal.SIGSTOP, processes)
            yield
        finally:
            _signal(signal.SIGCONT, processes)

    def freeze(self, seconds: float) -> None:
        """Suspend all processes of the server for ``seconds``."""
        with self.frozen():
            sleep(seconds)

    def _end(self, number: signal.Signals, processes: list[psutil.Process]) -> None:
        all_processes = self._processes()
        _signal(number, processes)
        psutil.wait_procs(all_processes, timeout=_EXIT_SECONDS)
        self._postgres.start()

    def _processes(self) -> list[psutil.Process]:
        """The postmaster and its current children."""
        postmaster = psutil.Process(self._postgres.pid)
        return [postmaster, *postmaster.children(recursive=True)]


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server of its own; it ends with the block."""
    with TemporaryDirectory(prefix=FOLDER_PREFIX) as folder, postgres(Path(folder)) as started:
        yield Cluster(started)


def _signal(number: signal.Signals, processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:  # a backend that has ended meanwhile
            continue
