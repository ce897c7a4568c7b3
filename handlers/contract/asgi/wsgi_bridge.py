"""From ASGI to WSGI in one hop: one message to a thread with the request, one back.

Requests and responses are passed with their whole body, so nothing is exchanged in between.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache
from io import BytesIO
from time import monotonic
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from handlers.http.body_presence import has_body
from handlers.http.errors import ThreadsBusy

STALL_TIMEOUT = 1.75
QUEUE_TIMEOUT = 10.0
_CHECK_INTERVAL = 0.1
# Cancelled requests stay in the executor's queue until a thread pops them. At this many, requests
# are answered 503 at once, until a thread frees up or QUEUE_TIMEOUT has passed.
MAX_CANCELLED = 1000

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Messages = tuple[Message, Message]
OnWait = Callable[[float], None]
"""Gets the seconds that a request waited for a thread; called from any thread."""

_OF_CONTENT = {"CONTENT_TYPE", "CONTENT_LENGTH"}
# HTTP/2 may send a cookie in parts (RFC 9113, section 8.2.3).
_SEPARATORS = {"HTTP_COOKIE": "; "}


def ignore_wait(_seconds: float) -> None:
    """Do nothing."""


class WsgiBridge:
    """An ASGI application that runs the WSGI application ``app`` in one of ``threads`` threads.

    While all are busy, a request waits: at most 10 s, and at most 1.75 s while no request finishes.
    ``on_wait`` learns how long.
    """

    def __init__(self, app: WsgiApp, threads: int, on_wait: OnWait = ignore_wait) -> None:
        self.app = app
        self.size = threads
        self._on_wait = on_wait
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        # By response: when the request arrived, and its entry in the executor; the oldest first.
        self._waiting: dict[asyncio.Future[Messages], tuple[float, Future[None]]] = {}
        # One entry for each thread at work, also for a client that has disconnected. A list, since
        # its append and pop need no lock.
        self._running: list[None] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last_done = 0.0
        self._cancelled_in_queue = 0
        self._last_cancelled = 0.0

    @property
    def busy(self) -> int:
        """The number of threads that work on a request."""
        return len(self._running)

    @property
    def queued(self) -> int:
        """The number of requests that wait for a thread."""
        return max(0, len(self._waiting) - self.busy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises what ``app`` raises, before anything is sent, and ThreadsBusy."""
        for message in await self._respond(_environ(scope, await _content(scope, receive))):
            await send(message)

    async def _respond(self, environ: Environ) -> Messages:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._cancelled_in_queue >= MAX_CANCELLED and now < self._last_cancelled + QUEUE_TIMEOUT:
            raise ThreadsBusy
        response: asyncio.Future[Messages] = loop.create_future()
        waits_since = monotonic() if len(self._waiting) >= self.size else None
        # The context carries the request id of the log.
        work = self._threads.submit(copy_context().run, self._work, environ, response, waits_since)
        self._waiting[response] = (now, work)
        if self._timer is None:
            self._timer = loop.call_later(_CHECK_INTERVAL, self._expire_waiting, loop)
        try:
            messages = await response
        except asyncio.CancelledError:
            work.cancel()  # the client has disconnected
            raise
        finally:
            del self._waiting[response]
        # The queue is FIFO: once a later request has run, every cancelled entry ahead is drained.
        self._cancelled_in_queue = 0
        self._last_done = loop.time()
        return messages

    def _expire_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        """Refuse the requests that have waited too long; those that a thread works on go on."""
        self._timer = (
            loop.call_later(_CHECK_INTERVAL, self._expire_waiting, loop) if self._waiting else None
        )
        now = loop.time()
        is_stalled = now - self._last_done >= STALL_TIMEOUT
        timeout = STALL_TIMEOUT if is_stalled else QUEUE_TIMEOUT
        for response, (since, work) in self._waiting.items():
            if now - since >= timeout and not response.done() and work.cancel():
                self._on_wait(now - since)
                response.set_exception(ThreadsBusy())
                self._cancelled_in_queue += 1
                self._last_cancelled = now

    def _work(
        self, environ: Environ, response: "asyncio.Future[Messages]", waits_since: float | None
    ) -> None:
        """In a thread: run the application and hand its response to the loop that awaits it."""
        if waits_since is not None:
            self._on_wait(monotonic() - waits_since)
        deliver: Callable[[Any], None] = response.set_result
        self._running.append(None)
        try:
            result: Messages | BaseException = self._run(environ)
        except BaseException as error:  # noqa: BLE001 - raised where the response is awaited
            deliver, result = response.set_exception, error
        finally:
            self._running.pop()
        response.get_loop().call_soon_threadsafe(_deliver, response, deliver, result)

    def _run(self, environ: Environ) -> Messages:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            started.append((status, headers))

        chunks = self.app(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, headers = started[-1]
        encoded = [(_encoded(name), value.encode("latin-1")) for name, value in headers]
        return (
            {"type": "http.response.start", "status": int(status[:3]), "headers": encoded},
            {"type": "http.response.body", "body": body},
        )


def _deliver(
    response: "asyncio.Future[Messages]",
    deliver: Callable[[Any], None],
    result: Messages | BaseException,
) -> None:
    if not response.done():  # else the client has disconnected
        deliver(result)


async def _content(scope: Scope, receive: Receive) -> bytes:
    """The whole body; empty where none is announced."""
    if not has_body(scope, {name for name, _ in scope["headers"]}):
        return b""
    content = bytearray()
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(content)


def _environ(scope: Scope, content: bytes) -> Environ:
    """The WSGI environment of the request (PEP 3333)."""
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    root = scope.get("root_path", "")
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": _as_latin_1(root),
        "PATH_INFO": _as_latin_1(scope["path"].removeprefix(root)),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    for name, raw_value in scope["headers"]:
        if b"_" in name:
            continue  # WSGI can't tell it from the one with a dash, which a trusted proxy sets
        key, value = _key(name), raw_value.decode("latin-1")
        if key in environ:
            value = f"{environ[key]}{_SEPARATORS.get(key, ',')}{value}"
        environ[key] = value
    if content:
        environ["CONTENT_LENGTH"] = str(len(content))
    return environ


@lru_cache(maxsize=256)
def _encoded(name: str) -> bytes:
    return name.lower().encode("latin-1")


@lru_cache(maxsize=256)
def _key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in _OF_CONTENT else f"HTTP_{key}"


def _as_latin_1(path: str) -> str:
    """The path as WSGI's "bytes as unicode": one character per byte."""
    return path.encode("utf-8").decode("latin-1")
