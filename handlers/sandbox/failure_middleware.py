"""ASGI middleware that makes requests of a sandbox fail as configured."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from domain.shared.errors import TooManyAttempts, Unavailable
from handlers.sandbox.failures import FailureKind, Failures


class FailureMiddleware:
    """Passes requests on to ``app``, except those that are to fail.

    ``routes`` returns the routes of the operations, whose endpoints end in operationIds. Raises
    Unavailable and TooManyAttempts, which the guard in front turns into responses.
    """

    def __init__(self, app: ASGIApp, failures: Failures, routes: Callable[[], Map]) -> None:
        self._app = app
        self._failures = failures
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        failure = (
            self._failures.take(self._operation_id(scope)) if self._failures.pending() else None
        )
        match failure and failure.kind:
            case FailureKind.UNAVAILABLE if failure:
                refusal = Unavailable()
                refusal.retry_after = failure.seconds
                raise refusal
            case FailureKind.RATE_LIMITED if failure:
                raise TooManyAttempts(failure.seconds)
            case FailureKind.SLOW if failure:
                await asyncio.sleep(failure.seconds)
            case FailureKind.DROPPED:
                send = _TruncatedResponse(send).send
        await self._app(scope, receive, send)

    def _operation_id(self, scope: Scope) -> str:
        if scope["type"] != "http":
            return ""
        try:
            endpoint, _ = self._routes().bind("").match(scope["path"], scope["method"])
        except HTTPException:
            return ""
        operation_id: str = endpoint.rpartition(".")[2]
        return operation_id


class _TruncatedResponse:
    """Sends a Content-Length larger than the body, so that the server closes the connection.

    The server offers no way to close it before the head.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_truncated = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message["headers"] if pair[0].lower() != b"content-length"]
            headers.append((b"content-length", b"1000000"))
            # A 204 has no body that could be truncated.
            status = 200 if message["status"] == 204 else message["status"]
            await self._send({**message, "status": status, "headers": headers})
        elif not self._is_truncated:
            self._is_truncated = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": True})
