"""What a worker adds to the application: signals of the main process, and leaving connections.

The main process sends SIGUSR1 to a worker that another one replaces, and SIGUSR2 to a worker that
has to stop; SIGINT, by which granian stops, follows here. The workers ignore SIGTERM and SIGHUP,
which service managers and terminals send to all processes of a server: the main process decides.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.serving.connections import accepted_connections, is_everything_read
from handlers.web.draining import is_draining

LEAVE = signal.SIGUSR1
FINISH = signal.SIGUSR2
STOP = signal.SIGINT

_POLL_SECONDS = 0.2
_READ_POLL_SECONDS = 0.01
_READ_SECONDS = 0.5  # at most: bodies that arrive slowly are not waited for


class WorkerApplication:
    """The application ``app`` in a worker that accepts connections from ``listener``.

    ``started`` is called when the application has started, just before the first connection.
    """

    def __init__(self, app: ASGIApp, listener: socket.socket, started: Callable[[], None]) -> None:
        self._app = app
        self._started = started
        self._descriptor = listener.fileno()
        self._family = listener.family
        self._port: int = listener.getsockname()[1]
        self._parent = os.getppid()
        self._is_leaving = False

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            return self._app(scope, receive, partial(self._send_started, send))
        if self._is_leaving or is_draining():
            return self._app(scope, receive, partial(_send_last, send))
        return self._app(scope, receive, send)

    async def _send_started(self, send: Send, message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            # granian's own handlers are set by now, so that these replace them.
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self._finish_if_orphaned, loop)
            loop.add_signal_handler(signal.SIGHUP, self._finish_if_orphaned, loop)
            loop.add_signal_handler(LEAVE, self._leave, loop)
            loop.add_signal_handler(FINISH, self._finish, loop)
            self._started()
        await send(message)

    def _finish_if_orphaned(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop if there is no main process to decide that."""
        if os.getppid() != self._parent:
            self._finish(loop)

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Accept nothing more, and stop once all clients have left."""
        if self._is_leaving:
            return
        self._is_leaving = True
        # granian accepts until it stops. In place of the listening socket, which other workers go
        # on using, it gets one without clients; `accept` must find it empty, not fail.
        with socket.socket(socket.AF_UNIX) as unused:
            unused.bind("")  # the kernel chooses an abstract name
            unused.listen()
            unused.setblocking(False)
            os.dup2(unused.fileno(), self._descriptor, inheritable=False)
        self._stop_if_left(loop)

    def _finish(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop once all requests that have arrived are read.

        granian closes a connection without a request at once, even if one has arrived that it has
        not read, as happens on a busy machine.
        """
        self._is_leaving = True
        self._stop_if_read(loop, loop.time() + _READ_SECONDS)

    def _stop_if_read(self, loop: asyncio.AbstractEventLoop, end: float) -> None:
        if loop.time() >= end or is_everything_read(self._family, self._port):
            _stop()
        else:
            loop.call_later(_READ_POLL_SECONDS, self._stop_if_read, loop, end)

    def _stop_if_left(self, loop: asyncio.AbstractEventLoop) -> None:
        if any(accepted_connections(self._family, self._port)):
            loop.call_later(_POLL_SECONDS, self._stop_if_left, loop)
        else:
            _stop()


def _stop() -> None:
    os.kill(os.getpid(), STOP)


async def _send_last(send: Send, message: Message) -> None:
    """Send a message of the last response on its connection."""
    if message["type"] == "http.response.start":
        others = [header for header in message["headers"] if header[0] != b"connection"]
        message = {**message, "headers": [*others, (b"connection", b"close")]}
    await send(message)
