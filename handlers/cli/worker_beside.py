"""The worker that `waybill serve --demo` runs beside the server."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkContext, SpawnContext

from handlers.app import database_of
from handlers.cli.stopping import Stopping
from handlers.server import application
from handlers.settings import Settings

_STOP_SECONDS = 5


@contextmanager
def worker_beside(settings: Settings) -> Iterator[None]:
    """Run a worker in a process of its own while the block runs; it dies with this process, too.

    A fork shares the application that was made for the server, and costs its start nothing; this
    process must hold no open connection. Where there is none, the worker makes its own.
    """
    is_forked = multiprocessing.get_start_method() == "fork"
    context: ForkContext | SpawnContext = (
        multiprocessing.get_context("fork") if is_forked else multiprocessing.get_context("spawn")
    )
    process = context.Process(
        target=_work, args=(settings, os.getpid()), name="waybill-worker", daemon=True
    )
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(_STOP_SECONDS)
        process.kill()
        process.join()


def _work(settings: Settings, parent: int) -> None:
    with Stopping(parent) as stop:
        # Only the worker needs what writes letters; the server starts without it.
        from handlers.mail.delivery import mailer_of
        from handlers.mail.postman import Postman, deliver_until

        database = database_of(application())
        deliver_until(stop, Postman(database, mailer_of(settings), settings))
        database.close()
