"""From ASGI to WSGI in one hop: a request goes to a thread once, and its answer comes back once.

Requests arrive with their whole body and answers leave with theirs, so nothing has to be passed
between the threads in between.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache
from io import BytesIO
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from domain.shared.errors import Unavailable
from handlers.http.body_presence import is_announced

HELD_UP_SECONDS = 1.75
LONGEST_SECONDS = 10.0
_STEP_SECONDS = 0.1
# So many stand in the line of the pool at most, for nobody; after that requests are refused at
# once, until a thread comes by or the longest wait is over.
MAX_GIVEN_UP = 1000

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Answer = tuple[Message, Message]

_OF_CONTENT = {"CONTENT_TYPE", "CONTENT_LENGTH"}
# HTTP/2 may send a cookie in parts (RFC 9113, section 8.2.3).
_SEPARATORS = {"HTTP_COOKIE": "; "}


class Bridge:
    """An ASGI application that runs the WSGI application ``app`` in one of ``threads`` threads.

    A request that finds all of them at work waits for one; not longer than ten seconds, and not
    longer than 1.75 where none of them gets anything done.
    """

    def __init__(self, app: WsgiApp, threads: int) -> None:
        self.app = app
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        # Since when, and for whose work, by what each request waits for; the eldest first.
        self._waiting: dict[asyncio.Future[Answer], tuple[float, Future[None]]] = {}
        self._watch: asyncio.TimerHandle | None = None
        self._last_done = 0.0
        self._given_up = 0
        self._last_given_up = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises what ``app`` raises, before anything is sent, and Unavailable."""
        for message in await self._answered(_environ(scope, await _content(scope, receive))):
            await send(message)

    async def _answered(self, environ: Environ) -> Answer:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._given_up >= MAX_GIVEN_UP and now < self._last_given_up + LONGEST_SECONDS:
            raise Unavailable
        answer: asyncio.Future[Answer] = loop.create_future()
        # The context carries what the log tells of the request.
        work = self._threads.submit(copy_context().run, self._work, environ, answer)
        self._waiting[answer] = (now, work)
        if self._watch is None:
            self._watch = loop.call_later(_STEP_SECONDS, self._look, loop)
        try:
            found = await answer
        except asyncio.CancelledError:
            work.cancel()  # the client has gone
            raise
        finally:
            del self._waiting[answer]
        # Whoever gave up stood before all who wait, so the thread has come by all of them.
        self._given_up = 0
        self._last_done = loop.time()
        return found

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send away who has waited too long: the eldest stand in front."""
        self._watch = loop.call_later(_STEP_SECONDS, self._look, loop) if self._waiting else None
        now = loop.time()
        is_held_up = now - self._last_done >= HELD_UP_SECONDS
        patience = HELD_UP_SECONDS if is_held_up else LONGEST_SECONDS
        for answer, (since, work) in self._waiting.items():
            # What a thread works on goes on.
            if now - since >= patience and not answer.done() and work.cancel():
                answer.set_exception(Unavailable())
                self._given_up += 1
                self._last_given_up = now

    def _work(self, environ: Environ, answer: "asyncio.Future[Answer]") -> None:
        """In a thread: find the answer, and hand it over to the loop that waits for it."""
        deliver: Callable[[Any], None] = answer.set_result
        try:
            found: Answer | BaseException = self._answer(environ)
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            deliver, found = answer.set_exception, error
        answer.get_loop().call_soon_threadsafe(_hand_over, answer, deliver, found)

    def _answer(self, environ: Environ) -> Answer:
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


def _hand_over(
    answer: "asyncio.Future[Answer]", deliver: Callable[[Any], None], found: Answer | BaseException
) -> None:
    if not answer.done():  # or nobody waits for it any more
        deliver(found)


async def _content(scope: Scope, receive: Receive) -> bytes:
    """The whole body, where one is announced."""
    if not is_announced(scope, {name for name, _ in scope["headers"]}):
        return b""
    content = bytearray()
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(content)


def _environ(scope: Scope, content: bytes) -> Environ:
    """The request as WSGI tells it (PEP 3333)."""
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
    for name, each in scope["headers"]:
        if b"_" in name:
            continue  # WSGI would take it for the one with a dash, as of a trusted proxy
        key, value = _key(name), each.decode("latin-1")
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
    """WSGI's text that stands for bytes, one character for each."""
    return path.encode("utf-8").decode("latin-1")
