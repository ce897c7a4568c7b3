"""Requests to a guard in front of the test's own application."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs

from handlers.http.media_types import JSON
from handlers.http.request_body import Content, content_of
from handlers.settings import Settings
from handlers.web.front import make_guard

SETTINGS = Settings(secret="s" * 32)
HOST = (b"host", b"shop.example")
CHUNKED = (b"transfer-encoding", b"chunked")


@dataclass
class GuardResponse:
    """The sent messages and the log; ``status`` is 0 if nothing was sent."""

    messages: list[Message] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)

    @property
    def status(self) -> int:
        return self.messages[0]["status"] if self.messages else 0

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def error(self) -> Any:
        return orjson.loads(self.body)


class Inside:
    """An application that records requests, and responds 200 with a header of its own."""

    def __init__(self) -> None:
        self.scope: Scope = {}
        self.messages: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.messages.append(await receive())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b""})


async def unreachable(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("the guard passed the request on")


def make_scope(headers: Iterable[tuple[bytes, bytes]] = (), **overrides: Any) -> Scope:
    """A request with a Host and these headers."""
    values = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/users/orders/",
        "raw_path": b"/users/orders/",
        "query_string": b"",
        "headers": [HOST, *headers],
    }
    return values | overrides


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def send_to_guard(
    app: ASGIApp | None = None,
    messages: Iterable[Message] = (part(b""),),
    settings: Settings = SETTINGS,
    scope: Scope | None = None,
    **fields: Any,
) -> GuardResponse:
    """The response to a client that sends these messages and then nothing.

    ``scope`` is the whole request; other arguments override parts of the default one.
    """
    response, waiting = GuardResponse(), list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        response.messages.append(message)

    with capture_logs() as response.lines:
        guard = make_guard(app or Inside(), settings)
        asyncio.run(guard(scope or make_scope(**fields), receive, send))
    return response


def url(form: str, size: int) -> dict[str, Any]:
    """A URL of ``size`` bytes, half of them in the query."""
    query = b"x" * (size // 2)
    path = "/".ljust(size - len(query), "x")
    return {
        "path": path,
        "query_string": query,
        "raw_path": path.encode() if form == "raw_path" else None,
    }


def sent(raw: bytes, content_type: str = JSON, **headers: str) -> Content:
    """The content that the guard reads from a body and these headers."""
    return content_of({"asgi.scope": passed_on(raw, content_type, **headers)})


def passed_on(raw: bytes, content_type: str = JSON, **headers: str) -> Scope:
    """The scope that the guard passes on."""
    given = {"content-type": content_type, "content-length": str(len(raw))} | headers
    named = [
        (name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()
    ]
    inside = Inside()
    assert send_to_guard(inside, [part(raw)], headers=named).status == 200
    return inside.scope
