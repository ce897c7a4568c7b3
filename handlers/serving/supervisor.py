"""granian's main process, with a supervision of workers that does not give up early.

granian ends the whole server when a worker dies twice within 5.5 seconds. On Linux, each of its
workers opens a listening socket, which dies with the worker: connections that wait to be accepted
are reset, and new ones are refused while the only worker is being replaced. Here the main process
replaces each worker separately, after a growing pause, and keeps the sockets open. There is one
socket per worker, as with granian: the kernel distributes connections among sockets, while workers
that share one get them unevenly.

SIGTERM begins a drain and SIGHUP a reload, which need these sockets, too. The overridden methods
are not public, so granian's version is pinned; tests/handlers/serving fails if an update changes
them.
"""

import mmap
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from granian._granian import SocketHolder
from granian.server.mp import MPServer, WorkerProcess

from handlers.serving import reloads
from handlers.serving.listeners import listen, settle
from handlers.serving.notifications import READY, STOPPING, Notifier
from handlers.serving.restarts import MAX_DEATHS, Restarts
from handlers.serving.wakeups import Wakeup
from handlers.serving.worker_application import FINISH, STOP, WorkerApplication
from handlers.web.draining import is_draining, start_draining

_LONGEST_PAUSE_SECONDS = 1.0
# A worker that exits with an error in the first seconds of the server cannot start at all.
_START_SECONDS = 5.0
# How often to look at processes whose end wakes nothing.
_POLL_SECONDS = 0.05

_log = structlog.get_logger("waybill.server")


class Supervisor(MPServer):
    """Serves until a signal, or until its workers die too often or cannot start.

    In the latter cases ``serve`` raises SystemExit(1). After SIGTERM it drains for
    ``drain_seconds``, unless another signal comes. SIGHUP reloads the server, or is like SIGINT
    where it ``is_temporary``.
    """

    # The socket of the worker that starts next, and granian's handle of it.
    _sso: Any
    _shd: Any
    main_loop_interrupt: Any
    pid: Any

    def __init__(
        self, *arguments: Any, drain_seconds: int = 0, is_temporary: bool = False, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.main_loop_interrupt = Wakeup()
        self.main_loop_interrupt.set_by_signals()
        self._drain_seconds = drain_seconds
        self._drain_end: float | None = None
        self._is_temporary = is_temporary
        self._notifier = Notifier()
        self._listeners: list[socket.socket] = []
        self._restarts = [Restarts(_LONGEST_PAUSE_SECONDS) for _ in range(self.workers)]
        # When to restart a dead worker, by its index.
        self._due: dict[int, float] = {}
        self._began = time.monotonic()
        # A byte for each worker, which it sets when it has started.
        self._started = mmap.mmap(-1, self.workers)
        self._check: subprocess.Popen[bytes] | None = None
        # The workers from before a reload, by the index of their successor.
        self._predecessors: dict[int, reloads.Predecessor] = {}

    def _init_shared_socket(self) -> None:
        if sys.platform != "linux" or multiprocessing.get_start_method() != "fork":
            super()._init_shared_socket()
            return
        self._sso = self._shd = None
        before = reloads.inheritance()
        if before is None:
            self._listeners = listen(self.bind_addr, self.bind_port, self.backlog, self.workers)
            return
        self._listeners = [socket.socket(fileno=descriptor) for descriptor in before.listeners]
        for listener in self._listeners:
            listener.set_inheritable(False)
        stop_seconds = self.workers_kill_timeout or 0
        self._predecessors = {
            index: reloads.Predecessor(pid, self._drain_seconds, stop_seconds)
            for index, pid in enumerate(before.workers)
            if pid is not None
        }
        reloads.unblock_signals()

    def _drop_shared_socket(self) -> None:
        super()._drop_shared_socket()
        if self._drain_end is not None and not self.interrupt_signal:
            settle(self._listeners)
        for listener in self._listeners:
            listener.close()

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
        if not self._predecessors:  # else they are replaced one by one
            super()._spawn_workers(spawn_target, target_loader)

    def _spawn_worker(  # type: ignore[override]  # as MPServer has it; its own base differs
        self, idx: int, target: Any, callback_loader: Any
    ) -> WorkerProcess:
        if not self._listeners:
            return super()._spawn_worker(idx, target, callback_loader)
        own = self._listeners[idx]
        # Its type stub lacks the arguments: descriptor, whether it is a Unix socket, backlog.
        self._shd = SocketHolder(own.fileno(), False, self.backlog)  # type: ignore[call-arg]
        others = [listener for listener in self._listeners if listener is not own]
        self._started[idx] = 0
        loader = partial(_load_with_one_socket, own, others, callback_loader, self._note(idx))
        return super()._spawn_worker(idx, target, loader)

    def _note(self, index: int) -> Callable[[], None]:
        """What a worker calls when it has started."""

        def note() -> None:
            self._started[index] = 1
            self.main_loop_interrupt.set()

        return note

    def _stop_workers(self) -> None:
        if self._check is not None:
            self._check.kill()
            self._check.wait()
        for predecessor in self._predecessors.values():
            predecessor.stop()
        for index, worker in enumerate(self.wrks):
            worker.interrupt_by_parent = True
            if worker.is_alive() and worker.inner.pid:
                # They ignore SIGTERM, which granian sends.
                number = FINISH if self._listeners and self._started[index] else STOP
                with suppress(ProcessLookupError):
                    os.kill(worker.inner.pid, number)
        super()._stop_workers()
        for predecessor in self._predecessors.values():
            predecessor.end(self.workers_kill_timeout or 0)

    def signal_handler_interrupt(self, *arguments: Any, **options: Any) -> None:
        if os.getpid() != self.pid:
            return  # a worker that is starting still has this handler
        is_term = arguments[:1] == (signal.SIGTERM,)
        if is_term and self._drain_seconds and self._listeners and not is_draining():
            start_draining()
            self.main_loop_interrupt.set()
            return
        # Ctrl-C reaches the workers, too, so their exits are expected from now on.
        for worker in self.wrks:
            worker.interrupt_by_parent = True
        super().signal_handler_interrupt(*arguments, **options)

    def signal_handler_reload(self, *arguments: Any, **options: Any) -> None:
        if self._is_temporary:
            self.signal_handler_interrupt(signal.SIGINT)
        else:
            super().signal_handler_reload(*arguments, **options)

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        self._began = time.monotonic()
        while not self._is_over():
            if self.reload_signal:
                self._reload(spawn_target, target_loader)
            self._finish_check()
            if not self._schedule_restarts():
                return  # with interrupt_children, by which granian exits with 1
            for index in self._take_due():
                self._start(index, spawn_target, target_loader)
            self._replace_predecessors(spawn_target, target_loader)
            self._notify()
            # Signal handlers set their flags before this event, and we clear it before we read
            # the flags, so none is missed.
            self.main_loop_interrupt.wait(self._seconds_to_next())
            self.main_loop_interrupt.clear()
        self._notifier.notify(STOPPING, "STATUS=Stopping.")
        self.interrupt_children.clear()

    def _is_over(self) -> bool:
        if is_draining() and self._drain_end is None:
            self._drain_end = time.monotonic() + self._drain_seconds
            _log.info("draining", seconds=self._drain_seconds)
        is_drained = self._drain_end is not None and time.monotonic() >= self._drain_end
        return self.interrupt_signal or is_drained

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """Begin a reload, unless one is going on or the server is about to stop."""
        if not self._listeners:
            super()._reload(spawn_target, target_loader)
            self._due.clear()  # every worker is a new one
            return
        self.reload_signal = False
        if is_draining() or self._check or self._predecessors:
            return
        _log.info("reloading")
        self._notifier.notify_reloading()
        try:
            self._check = reloads.start_check()
        except OSError as error:
            _log.error("reload_refused", how=str(error))

    def _finish_check(self) -> None:
        """Once the program is known to start, run it again; if it can't, go on as before."""
        if self._check is None or (code := self._check.poll()) is None:
            return
        self._check = None
        if code:
            _log.error("reload_refused", how=_describe_exit(code))
        elif not is_draining():
            self._run_again()

    def _run_again(self) -> None:
        listeners = [listener.fileno() for listener in self._listeners]
        workers = [worker.inner.pid if worker.is_alive() else None for worker in self.wrks]
        try:
            reloads.run_again(listeners, workers)
        except OSError as error:
            _log.error("reload_refused", how=str(error))

    def _replace_predecessors(self, spawn_target: Any, target_loader: Any) -> None:
        """After a reload: one step in the replacement of the workers, one after the other."""
        for index, predecessor in list(self._predecessors.items()):
            if predecessor.has_ended():
                del self._predecessors[index]
            elif self._started[index]:
                predecessor.leave()
        following = len(self.wrks)
        if following < self.workers and following <= min(self._predecessors, default=following):
            self._start(following, spawn_target, target_loader)

    def _notify(self) -> None:
        if is_draining():
            self._notifier.notify(STOPPING, "STATUS=Draining.")
        elif not (self._check or self._predecessors) and self._have_all_started():
            self._notifier.notify(READY, f"STATUS=Serving, with {self.workers} workers.")

    def _have_all_started(self) -> bool:
        return not self._listeners or all(self._started[index] for index in range(self.workers))

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
            if code > 0 and self._is_start():
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

    def _is_start(self) -> bool:
        """Whether the server began just now, and no workers from before a reload serve."""
        return time.monotonic() - self._began < _START_SECONDS and not self._predecessors

    def _take_due(self) -> list[int]:
        now = time.monotonic()
        due = [index for index, when in self._due.items() if when <= now]
        for index in due:
            del self._due[index]
        return due

    def _seconds_to_next(self) -> float | None:
        times = [*self._due.values(), *([self._drain_end] if self._drain_end is not None else [])]
        pauses = [max(0.0, when - time.monotonic()) for when in times]
        if self._check or self._predecessors:
            pauses.append(_POLL_SECONDS)
        if (until_sign := self._notifier.sign_of_life()) is not None:
            pauses.append(until_sign)
        return min(pauses, default=None)

    def _start(self, index: int, spawn_target: Any, target_loader: Any) -> None:
        worker = self._spawn_worker(index, spawn_target, target_loader)
        worker.start()
        self.wrks[index : index + 1] = [worker]


def _load_with_one_socket(
    own: socket.socket,
    others: Iterable[socket.socket],
    load: Callable[[], Any],
    started: Callable[[], None],
) -> WorkerApplication:
    """In the worker: close the sockets of the other workers and load the application."""
    for listener in others:
        listener.close()
    application = WorkerApplication(load(), own, started)
    own.detach()  # granian closes it
    return application


def _describe_exit(code: int) -> str:
    """The exit code of a process, or the name of the signal that ended it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
