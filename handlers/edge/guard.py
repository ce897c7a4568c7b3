"""The guard: it refuses requests that no operation should see, and passes on the others.

As ASGI middleware, it keeps slow and oversized requests out of the worker threads.
"""

import re
from collections.abc import Callable, Iterable
from random import getrandbits
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from domain.shared.errors import Refusal, Unavailable
from handlers.edge.cors import Cors
from handlers.http.body_presence import has_body
from handlers.http.errors import InternalError, TooManyBodies, TooManyRequests
from handlers.http.exchange import Exchange, OnExchange
from handlers.http.headers import HeaderList, Headers, check_head
from handlers.http.hosts import check_forwarded
from handlers.http.problems import render_problem, retry_after
from handlers.http.request_body import receive_content

MAX_REQUESTS = 2_000
MAX_CONTENTS = 1_000
"""The requests of a worker that may have a body: slow uploads leave room for requests without one,
and all bodies together fill at most 250 MiB."""

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
# A method that no operation has: Werkzeug takes `get` for GET, which differs (RFC 9110, 9.1).
_UNKNOWN_METHOD = "UNKNOWN"

_log = structlog.get_logger(__name__)


class _Response:
    """Adds headers to a response: ``common`` always, those of ``defaults`` where they are missing,
    so that an application may set its own request id.

    Notes status and size of the response in ``exchange``.
    """

    def __init__(
        self, send: Send, request_id: bytes, common: HeaderList, exchange: Exchange
    ) -> None:
        self._send = send
        self._common = common
        self._request_id = (_REQUEST_ID_HEADER, request_id)
        self.defaults: HeaderList = [self._request_id]
        self.exchange = exchange

    def drop_defaults(self) -> None:
        """For a response that is not the application's."""
        self.defaults = [self._request_id]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.exchange.status = message["status"]
            headers = message["headers"]
            names = {name for name, _ in headers}
            missing = [pair for pair in self.defaults if pair[0] not in names]
            message = {**message, "headers": [*headers, *missing, *self._common]}
        else:
            self.exchange.size += len(message.get("body", b""))
        await self._send(message)


RenderRefusal = Callable[[Refusal, Headers], tuple[int, HeaderList, bytes]]
"""The status, headers and body of the response to a refused request with these headers."""

DefaultHeaders = Callable[[Scope, Headers], HeaderList]
"""The headers of the application's response to a request, unless it sets them itself."""


def _none(_scope: Scope, _headers: Headers) -> HeaderList:
    return []


def log_exchange(scope: Scope, exchange: Exchange) -> None:
    """Log one line for a request."""
    _log.info(
        "request",
        method=scope["method"],
        path=scope["path"],
        status=exchange.status,
        milliseconds=round(exchange.seconds * 1000, 1),
    )


class Guard:
    """Checks the head, receives the content, and adds the common headers to every response.

    ``proxies`` is the number of trusted proxies in front. ``default_headers`` are for responses of
    ``app``. ``observers`` get each exchange when it is over.
    """

    def __init__(
        self,
        app: ASGIApp,
        render: RenderRefusal = render_problem,
        *,
        default_headers: DefaultHeaders = _none,
        cors: Cors | None = None,
        proxies: int = 0,
        observers: Iterable[OnExchange] = (log_exchange,),
    ) -> None:
        self._app = app
        self._render = render
        self._default_headers = default_headers
        self._proxies = proxies
        self._cors = cors or Cors()
        self._observers = tuple(observers)
        self._requests = 0
        self._contents = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        exchange = Exchange(scope, request_id.decode())
        common = [*_COMMON_HEADERS, *self._cors.headers(headers)]
        response = _Response(send, request_id, common, exchange)
        started = perf_counter()
        bound = bind_contextvars(request_id=exchange.request_id)
        self._requests += 1
        try:
            await self._guarded(scope, headers, receive, response)
        finally:
            self._requests -= 1
            exchange.seconds = perf_counter() - started
            for observer in self._observers:
                observer(scope, exchange)
            reset_contextvars(**bound)

    async def _guarded(
        self, scope: Scope, headers: Headers, receive: Receive, response: _Response
    ) -> None:
        try:
            self._check_room()
            check_head(scope, headers)
            if self._proxies:
                response.exchange.client = check_forwarded(scope, self._proxies)
            if (allowed := self._cors.preflight(scope, headers)) is not None:
                await _send(response.send, 204, allowed)
                return
            if not scope["method"].isupper():
                scope = {**scope, "method": _UNKNOWN_METHOD}
            response.defaults += self._default_headers(scope, headers)
            if has_body(scope, headers):
                await self._receive(scope, headers, receive, response.send)
            else:
                await self._app(scope, receive, response.send)
        except Refusal as refusal:
            await self._refuse(refusal, headers, response)
        except Exception:
            _log.exception("unhandled_error")
            if response.exchange.status:
                raise  # the server closes the connection: half a response must not pass for one
            await self._refuse(InternalError(), headers, response)

    def _check_room(self) -> None:
        if self._requests > MAX_REQUESTS:
            raise TooManyRequests

    async def _receive(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Pass a request on once its body is complete. Raises TooManyBodies."""
        if self._contents >= MAX_CONTENTS:
            raise TooManyBodies
        self._contents += 1
        try:
            scope, receive = await receive_content(scope, headers, receive)
            await self._app(scope, receive, send)
        finally:
            self._contents -= 1

    async def _refuse(self, refusal: Refusal, headers: Headers, response: _Response) -> None:
        status, own, body = self._render(refusal, headers)
        if isinstance(refusal, Unavailable):
            response.exchange.cause = refusal.cause
        content = [
            *own,
            # Caches may store some statuses, such as 414 (RFC 9110, section 15.1).
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *((n.lower().encode(), value.encode()) for n, value in retry_after(refusal).items()),
        ]
        response.drop_defaults()
        await _send(response.send, status, content, body)


def _request_id(headers: Headers) -> bytes:
    """The request id of the client where it is valid, else a new one."""
    client_id = headers.get(b"x-request-id", b"")
    if client_id and _REQUEST_ID.fullmatch(client_id):
        return client_id
    # Unique, not secret: no system call. Forked processes have different random states.
    return b"%032x" % getrandbits(128)


async def _send(send: Send, status: int, headers: HeaderList, body: bytes = b"") -> None:
    length = [(b"content-length", str(len(body)).encode())] if body else []
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})
