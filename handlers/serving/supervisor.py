"""granian's main process, with a supervision of workers that does not give up early.

granian ends the whole server when a worker dies twice within 5.5 seconds. On Linux, each of its
workers opens a listening socket, which dies with the worker: connections that wait to be accepted
are reset, and new ones are refused while the only worker is being replaced. Here the main process
replaces each worker separately, after a growing pause, and keeps the sockets open. There is one
socket per worker, as with granian: the kernel distributes connections among sockets, while workers
that share one get them unevenly.

The overridden methods are not public, so granian's version is pinned;
tests/handlers/serving/test_supervisor.py kills workers and fails if an update changes them.
"""

import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import structlog
from granian._granian import SocketHolder
from granian.server.mp import MPServer, WorkerProcess

from handlers.serving.connections import family_of
from handlers.serving.restarts import MAX_DEATHS, Restarts

_LONGEST_PAUSE_SECONDS = 1.0
# A worker that exits with an error in the first seconds of the server cannot start at all.
_START_SECONDS = 5.0

_log = structlog.get_logger("waybill.server")


class Supervisor(MPServer):
    """Serves until a signal, or until its workers die too often or cannot start.

    In the latter cases ``serve`` raises SystemExit(1).
    """

    # The socket of the worker that starts next, and granian's handle of it.
    _sso: Any
    _shd: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._listeners: list[socket.socket] = []
        self._restarts = [Restarts(_LONGEST_PAUSE_SECONDS) for _ in range(self.workers)]
        # When to restart a dead worker, by its index.
        self._due: dict[int, float] = {}
        self._began = time.monotonic()

    def _init_shared_socket(self) -> None:
        if sys.platform != "linux" or multiprocessing.get_start_method() != "fork":
            super()._init_shared_socket()
            return
        self._sso = self._shd = None
        self._listeners = listen(self.bind_addr, self.bind_port, self.backlog, self.workers)

    def _drop_shared_socket(self) -> None:
        super()._drop_shared_socket()
        for listener in self._listeners:
            listener.close()

    def _spawn_worker(  # type: ignore[override]  # as MPServer has it; its own base differs
        self, idx: int, target: Any, callback_loader: Any
    ) -> WorkerProcess:
        if not self._listeners:
            return super()._spawn_worker(idx, target, callback_loader)
        own = self._listeners[idx]
        # Its type stub lacks the arguments: descriptor, whether it is a Unix socket, backlog.
        self._shd = SocketHolder(own.fileno(), False, self.backlog)  # type: ignore[call-arg]
        others = [listener for listener in self._listeners if listener is not own]
        loader = partial(_load_with_one_socket, own, others, callback_loader)
        return super()._spawn_worker(idx, target, loader)

    def signal_handler_interrupt(self, *arguments: Any, **options: Any) -> None:
        # Ctrl-C reaches the workers, too, so their exits are expected from now on.
        for worker in self.wrks:
            worker.interrupt_by_parent = True
        super().signal_handler_interrupt(*arguments, **options)

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        self._began = time.monotonic()
        while not self.interrupt_signal:
            if self.reload_signal:
                self._reload(spawn_target, target_loader)
                self._due.clear()  # every worker is a new one
            if not self._schedule_restarts():
                return  # with interrupt_children, by which granian exits with 1
            for index in self._take_due():
                self._start(index, spawn_target, target_loader)
            # Signal handlers set their flags before this event, and we clear it before we read
            # the flags, so none is missed.
            self.main_loop_interrupt.wait(self._seconds_to_next())
            self.main_loop_interrupt.clear()
        self.interrupt_children.clear()

    def _schedule_restarts(self) -> bool:
        """Schedule restarts of the workers that died; return False to end the server."""
        while self.interrupt_children:
            index = self.interrupt_children.pop()
            worker = self.wrks[index]
            if worker.is_alive() or index in self._due:
                continue  # replaced by a reload meanwhile
            code = worker.inner.exitcode or 0
            pause = self._restarts[index].pause()
            deaths = sum(restarts.deaths for restarts in self._restarts)
            how = _describe_exit(code)
            if code > 0 and time.monotonic() - self._began < _START_SECONDS:
                _log.error("worker_can_not_start", worker=index + 1, how=how)
            elif deaths >= MAX_DEATHS * self.workers:
                _log.error("workers_die_too_often", deaths_in_a_minute=deaths, how=how)
            else:
                _log.warning(
                    "worker_died",
                    worker=index + 1,
                    how=how,
                    deaths_in_a_minute=deaths,
                    restart_after_seconds=pause,
                )
                self._due[index] = time.monotonic() + pause
                continue
            self.interrupt_children.append(index)
            return False
        return True

    def _take_due(self) -> list[int]:
        now = time.monotonic()
        due = [index for index, when in self._due.items() if when <= now]
        for index in due:
            del self._due[index]
        return due

    def _seconds_to_next(self) -> float | None:
        if not self._due:
            return None
        return max(0.0, min(self._due.values()) - time.monotonic())

    def _start(self, index: int, spawn_target: Any, target_loader: Any) -> None:
        worker = self._spawn_worker(index, spawn_target, target_loader)
        worker.start()
        self.wrks[index] = worker


def _load_with_one_socket(
    own: socket.socket, others: Iterable[socket.socket], load: Callable[[], Any]
) -> Any:
    """In the worker: close the sockets of the other workers and load the application."""
    own.detach()  # granian closes it
    for listener in others:
        listener.close()
    return load()


def listen(host: str, port: int, backlog: int, count: int) -> list[socket.socket]:
    """``count`` sockets that listen on one port; the kernel distributes connections evenly.

    Raises OSError.
    """
    family = family_of(host)
    # `::` includes all IPv4 addresses where the system supports dual-stack sockets.
    both = family is socket.AF_INET6 and socket.has_dualstack_ipv6()
    listeners = []
    for _ in range(count):
        listener = socket.create_server(
            (host, port),
            family=family,
            backlog=backlog,
            reuse_port=count > 1,
            dualstack_ipv6=both,
        )
        # As granian does; accepted connections inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listeners.append(listener)
        port = listener.getsockname()[1]
    return listeners


def _describe_exit(code: int) -> str:
    """The exit code of a process, or the name of the signal that ended it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
