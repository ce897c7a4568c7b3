"""When a worker that has to stop does so."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from handlers.serving import worker_application
from handlers.serving.worker_application import WorkerApplication


class FakeLoop:
    """An event loop whose time passes when a callback is scheduled."""

    def __init__(self) -> None:
        self.now = 0.0
        self.callback: Callable[[], None] | None = None

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, callback: Callable[..., None], *arguments: Any) -> None:
        self.now += seconds
        self.callback = partial(callback, *arguments)

    def run(self) -> None:
        """Run the scheduled callback."""
        callback, self.callback = self.callback, None
        assert callback is not None
        callback()


async def _app(_scope: Scope, _receive: Receive, _send: Send) -> None:
    pass


class Worker:
    """A worker with one connection, and the calls to stop it."""

    def __init__(self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.client = stack.enter_context(socket.create_connection(listener.getsockname()))
        accepted, _ = listener.accept()
        self.server = stack.enter_context(accepted)
        self.loop = FakeLoop()
        self.stops = 0
        monkeypatch.setattr(worker_application, "_stop", self._stop)
        self._application = WorkerApplication(_app, listener, lambda: None)

    def finish(self) -> None:
        """Tell it to stop."""
        self._application._finish(self.loop)  # type: ignore[arg-type]  # noqa: SLF001

    def _stop(self) -> None:
        self.stops += 1


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    with ExitStack() as stack:
        yield Worker(stack, monkeypatch)


def test_without_a_request_it_stops_at_once(worker: Worker) -> None:
    worker.finish()

    assert worker.stops == 1
    assert worker.loop.callback is None


def test_a_request_that_has_arrived_is_read_first(worker: Worker) -> None:
    worker.client.sendall(b"GET")
    worker.server.recv(1, socket.MSG_PEEK)  # until it has arrived

    worker.finish()
    worker.loop.run()
    assert worker.stops == 0
    worker.server.recv(3)
    worker.loop.run()

    assert worker.stops == 1
    assert worker.loop.callback is None


def test_what_stays_unread_is_not_waited_for(worker: Worker) -> None:
    worker.client.sendall(b"GET")
    worker.server.recv(1, socket.MSG_PEEK)

    worker.finish()
    while worker.loop.callback is not None:
        worker.loop.run()

    assert worker.stops == 1
    assert 0.4 < worker.loop.now < 0.6
