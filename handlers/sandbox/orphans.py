"""Ends a worker whose server was killed."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

_POLL_SECONDS = 0.5


def watch_parent(parent: int, folder: Path, end: Callable[[int], object] = os._exit) -> Thread:
    """Once the process ``parent`` has ended, delete ``folder`` and end this process, its child.

    A server that is killed by SIGKILL can't end its worker.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)
        end(1)

    thread = Thread(target=watch, name="sandbox-parent", daemon=True)
    thread.start()
    return thread
