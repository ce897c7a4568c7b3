"""The guard: it answers itself what no operation should see, and passes on the rest.

It is ASGI, so that a slow or oversized request never reaches a worker thread.
"""

import re
from collections.abc import Callable
from random import getrandbits
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from domain.shared.errors import Refusal, Unavailable
from handlers.edge.cors import Cors
from handlers.http.body_presence import has_body
from handlers.http.errors import InternalError
from handlers.http.headers import HeaderList, Headers, check_head
from handlers.http.hosts import check_forwarded
from handlers.http.problems import answer_problem, retry_after
from handlers.http.request_body import take_content

MAX_REQUESTS = 2_000
MAX_CONTENTS = 1_000
"""Of the requests that a worker has at once, so many may have a body: slow ones hold up no reader,
and together they fill at most 250 MiB."""

_REQUEST_ID_HEADER = b"x-request-id"
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_COMMON_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        (
            b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
            b" frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        ),
    ),
)
# No method of anybody's: Werkzeug takes `get` for GET, and they are different (RFC 9110, 9.1).
_UNKNOWN_METHOD = "UNKNOWN"

_log = structlog.get_logger(__name__)


class _Answer:
    """Adds headers to what is sent: ``common`` in any case, and those of ``usual`` that are not
    there. An application that names the exchange itself has its own form for the name.

    ``status`` is 0 until something is sent.
    """

    def __init__(self, send: Send, request_id: bytes, common: HeaderList) -> None:
        self._send = send
        self._common = common
        self._name = (_REQUEST_ID_HEADER, request_id)
        self.usual: HeaderList = [self._name]
        self.status = 0

    def take_back_usual(self) -> None:
        """What is sent is not the application's, as was expected."""
        self.usual = [self._name]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            names = {name for name, _ in headers}
            missing = [pair for pair in self.usual if pair[0] not in names]
            message = {**message, "headers": [*headers, *missing, *self._common]}
        await self._send(message)


Answerer = Callable[[Refusal, Headers], tuple[int, HeaderList, bytes]]
"""The status, headers and body of the answer to a refused request with these headers."""

Usual = Callable[[Scope, Headers], HeaderList]
"""The headers that the application's answers to a request have, unless it gives others."""


def _none(_scope: Scope, _headers: Headers) -> HeaderList:
    return []


class Guard:
    """Judges the head, takes in the content, and gives every answer its common headers.

    ``proxies`` is the number of trusted ones in front. ``usual`` says which headers answers of
    ``app`` have besides.
    """

    def __init__(
        self,
        app: ASGIApp,
        answer: Answerer = answer_problem,
        *,
        usual: Usual = _none,
        cors: Cors | None = None,
        proxies: int = 0,
    ) -> None:
        self._app = app
        self._answer = answer
        self._usual = usual
        self._proxies = proxies
        self._cors = cors or Cors()
        self._requests = 0
        self._contents = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        answer = _Answer(send, request_id, [*_COMMON_HEADERS, *self._cors.headers(headers)])
        started = perf_counter()
        bound = bind_contextvars(request_id=request_id.decode())
        self._requests += 1
        try:
            await self._guarded(scope, headers, receive, answer)
        finally:
            self._requests -= 1
            _log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=answer.status,
                milliseconds=round((perf_counter() - started) * 1000, 1),
            )
            reset_contextvars(**bound)

    async def _guarded(
        self, scope: Scope, headers: Headers, receive: Receive, answer: _Answer
    ) -> None:
        try:
            self._check_room()
            check_head(scope, headers)
            if self._proxies:
                check_forwarded(scope, self._proxies)
            if (allowed := self._cors.preflight(scope, headers)) is not None:
                await _send(answer.send, 204, allowed)
                return
            if not scope["method"].isupper():
                scope = {**scope, "method": _UNKNOWN_METHOD}
            answer.usual += self._usual(scope, headers)
            if has_body(scope, headers):
                await self._take(scope, headers, receive, answer.send)
            else:
                await self._app(scope, receive, answer.send)
        except Refusal as refusal:
            await self._refuse(refusal, headers, answer)
        except Exception:
            _log.exception("unhandled_error")
            if answer.status:
                raise  # the server cuts the connection, so that half an answer is not taken for one
            await self._refuse(InternalError(), headers, answer)

    def _check_room(self) -> None:
        if self._requests > MAX_REQUESTS:
            raise Unavailable

    async def _take(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Pass on a request with a body, once that is there. Raises Unavailable for too many."""
        if self._contents >= MAX_CONTENTS:
            raise Unavailable
        self._contents += 1
        try:
            scope, receive = await take_content(scope, headers, receive)
            await self._app(scope, receive, send)
        finally:
            self._contents -= 1

    async def _refuse(self, refusal: Refusal, headers: Headers, answer: _Answer) -> None:
        status, own, body = self._answer(refusal, headers)
        content = [
            *own,
            # Some statuses, as 414, may be kept by whoever likes to (RFC 9110, section 15.1).
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *((n.lower().encode(), value.encode()) for n, value in retry_after(refusal).items()),
        ]
        answer.take_back_usual()
        await _send(answer.send, status, content, body)


def _request_id(headers: Headers) -> bytes:
    """The client's own id where it is usable, else a new one."""
    own_id = headers.get(b"x-request-id", b"")
    if own_id and _REQUEST_ID.fullmatch(own_id):
        return own_id
    # It is to be unique, not to be secret, and asks the system for nothing; forks differ.
    return b"%032x" % getrandbits(128)


async def _send(send: Send, status: int, headers: HeaderList, body: bytes = b"") -> None:
    length = [(b"content-length", str(len(body)).encode())] if body else []
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})
