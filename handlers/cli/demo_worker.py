"""The outbox worker that `waybill serve --demo` runs next to the server."""

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
def demo_worker(settings: Settings) -> Iterator[None]:
    """Run an outbox worker in its own process during the block. It ends if this process dies.

    A worker that dies is replaced: first at once, then after growing pauses of up to 30 seconds.
    """
    worker = _SupervisedWorker(settings)
    try:
        yield
    finally:
        worker.stop()


class _SupervisedWorker:
    """The worker process, and a thread that restarts it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._restarts = Restarts(_LONGEST_PAUSE_SECONDS)
        self._is_stopping = Event()
        # Held while a process starts, so that none starts once `stop` has begun.
        self._lock = Lock()
        self._process = self._start()
        Thread(target=self._restart_loop, name="demo-worker", daemon=True).start()

    def stop(self) -> None:
        with self._lock:
            self._is_stopping.set()
        self._process.terminate()
        self._process.join(_STOP_SECONDS)
        self._process.kill()
        self._process.join()

    def _start(self) -> BaseProcess:
        """Fork where that is the default: the child shares the application made for the server, so
        this process must hold no open connection. A spawned worker makes its own application.
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

    def _restart_loop(self) -> None:
        while True:
            self._process.join()
            # After SIGTERM or Ctrl-C, a worker exits with 0.
            if not self._process.exitcode or self._is_stopping.is_set():
                return
            pause = self._restarts.pause()
            _log.warning(
                "worker_beside_died",
                exit_code=self._process.exitcode,
                deaths_in_a_minute=self._restarts.deaths,
                restart_after_seconds=pause,
            )
            self._is_stopping.wait(pause)
            with self._lock:
                if self._is_stopping.is_set():
                    return
                self._process = self._start()


def _work(settings: Settings, parent: int) -> None:
    with GracefulShutdown(parent) as shutdown:
        # Imported here: the server starts faster without the modules that build e-mails.
        from handlers.mail.outbox_worker import OutboxWorker, deliver_until
        from handlers.mail.transports import mailer_of
        from handlers.maintenance import HourlyTidy

        database = database_of(application())
        worker = OutboxWorker(database, mailer_of(settings), settings, database.record_heartbeat)
        deliver_until(shutdown, worker, HourlyTidy(database).step)
        database.close()
