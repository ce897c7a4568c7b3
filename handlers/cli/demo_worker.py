"""The worker that `waybill serve --demo` runs beside the server."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from threading import Event, Lock, Thread

import structlog

from handlers.app import database_of
from handlers.cli.graceful_shutdown import GracefulShutdown
from handlers.serving.restarts import Restarts
from handlers.serving.server import application
from handlers.settings import Settings

_STOP_SECONDS = 5
_LONGEST_PAUSE_SECONDS = 30.0

_log = structlog.get_logger("waybill.server")


@contextmanager
def worker_beside(settings: Settings) -> Iterator[None]:
    """Run a worker in a process of its own while the block runs; it dies with this process, too.

    One that dies is replaced: at once, and then with growing pauses of up to half a minute.
    """
    beside = _Beside(settings)
    try:
        yield
    finally:
        beside.end()


class _Beside:
    """The worker, and a thread that replaces it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._restarts = Restarts(_LONGEST_PAUSE_SECONDS)
        self._is_ending = Event()
        # Nothing is started once the end has begun.
        self._lock = Lock()
        self._process = self._started()
        Thread(target=self._go_on, name="worker-beside", daemon=True).start()

    def end(self) -> None:
        with self._lock:
            self._is_ending.set()
        self._process.terminate()
        self._process.join(_STOP_SECONDS)
        self._process.kill()
        self._process.join()

    def _started(self) -> BaseProcess:
        """A fork shares the application that was made for the server, and costs its start nothing;
        this process must hold no open connection. Where there is none, the worker makes its own.
        """
        is_forked = multiprocessing.get_start_method() == "fork"
        context: ForkContext | SpawnContext = multiprocessing.get_context("spawn")
        if is_forked:
            context = multiprocessing.get_context("fork")
        process = context.Process(
            target=_work, args=(self._settings, os.getpid()), name="waybill-worker", daemon=True
        )
        process.start()
        return process

    def _go_on(self) -> None:
        while True:
            self._process.join()
            # One that was asked to end, as by Ctrl-C, ends with 0.
            if not self._process.exitcode or self._is_ending.is_set():
                return
            pause = self._restarts.pause()
            _log.warning(
                "worker_beside_died",
                exit_code=self._process.exitcode,
                deaths_in_a_minute=self._restarts.deaths,
                restart_after_seconds=pause,
            )
            self._is_ending.wait(pause)
            with self._lock:
                if self._is_ending.is_set():
                    return
                self._process = self._started()


def _work(settings: Settings, parent: int) -> None:
    with GracefulShutdown(parent) as shutdown:
        # Only the worker needs what writes letters; the server starts without it.
        from handlers.mail.outbox_worker import OutboxWorker, deliver_until
        from handlers.mail.transports import mailer_of

        database = database_of(application())
        deliver_until(shutdown, OutboxWorker(database, mailer_of(settings), settings))
        database.close()
