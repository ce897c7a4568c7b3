"""The guard in front of everything: sizes and times of a request, its id, and common headers.

It is ASGI, so that a slow or oversized request never reaches a worker thread.
"""

import asyncio
import re
from collections.abc import Mapping
from time import perf_counter
from uuid import uuid4

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import NotFound, Refusal
from handlers.contract.refusals import (
    ContentTooLarge,
    HeadersTooLarge,
    InternalError,
    RequestTimeout,
    UndecodableUrl,
    UriTooLong,
)
from handlers.errors import error_body, status_of
from handlers.translations import choose_language

MAX_URL = 8 * 1024
MAX_HEADERS = 16 * 1024
MAX_BODY = 256 * 1024
BODY_SECONDS = 10

_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_COMMON_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (
        b"content-security-policy",
        (
            b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
            b" worker-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        ),
    ),
)

_log = structlog.get_logger("waybill.access")


class _Disconnected(Exception):
    """The client went away while its body was awaited; nobody waits for an answer."""


class _Answer:
    """Adds the common headers to what is sent; ``status`` is 0 until something is."""

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            extra = [(b"x-request-id", self._request_id), *_COMMON_HEADERS]
            message = {**message, "headers": [*message["headers"], *extra]}
        await self._send(message)


class Edge:
    """Answers what is too long, too large or too slow itself, and passes on the rest."""

    def __init__(self, app: ASGIApp, default_language: str) -> None:
        self._app = app
        self._default_language = default_language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        answer = _Answer(send, request_id)
        started = perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id.decode()):
            try:
                await self._guarded(scope, headers, receive, answer)
            finally:
                _log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=answer.status,
                    milliseconds=round((perf_counter() - started) * 1000, 1),
                )

    async def _guarded(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, answer: _Answer
    ) -> None:
        try:
            _check_head(scope)
            await self._app(scope, await _bounded(scope, headers, receive), answer.send)
        except _Disconnected:
            return
        except Refusal as refusal:
            await self._answer(refusal, headers, answer.send)
        except Exception:
            _log.exception("unhandled_error")
            if answer.status:
                raise  # the server cuts the connection, so that half an answer is not taken for one
            await self._answer(InternalError(), headers, answer.send)

    async def _answer(self, refusal: Refusal, headers: Mapping[bytes, bytes], send: Send) -> None:
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        body = orjson.dumps(error_body(refusal, choose_language(accepted, self._default_language)))
        content = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send(
            {"type": "http.response.start", "status": status_of(refusal), "headers": content}
        )
        await send({"type": "http.response.body", "body": body})


def _request_id(headers: Mapping[bytes, bytes]) -> bytes:
    """The client's own id where it is usable, else a new one."""
    given = headers.get(b"x-request-id", b"")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex.encode()


def _check_head(scope: Scope) -> None:
    query: bytes = scope["query_string"]
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    if len(path) + len(query) > MAX_URL:
        raise UriTooLong
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
        raise HeadersTooLarge
    if not query.isascii() or not _is_text(scope["path"]):
        raise UndecodableUrl
    if scope["path"].startswith("//"):
        raise NotFound  # Werkzeug would route it as if there were one slash


def _is_text(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\x00" not in path


async def _bounded(scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Receive:
    """A receive that gives the whole body at once, read here within its bounds.

    HTTP/1.1 announces a body by one of two headers (RFC 9112, section 6.3), HTTP/2 by none.
    """
    announced = b"content-length" in headers or b"transfer-encoding" in headers
    if scope["http_version"].startswith("1") and not announced:
        return receive
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _read(receive)
    except TimeoutError:
        raise RequestTimeout from None
    return _replay(body, receive)


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise ContentTooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return first.pop() if first else await receive()

    return replayed
