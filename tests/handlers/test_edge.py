import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs

from domain.errors import NotFound
from handlers import edge
from handlers.edge import MAX_BODY, MAX_HEADERS, MAX_URL, Edge

CHUNKED = (b"transfer-encoding", b"chunked")
COMMON_HEADERS = {
    "x-request-id",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "content-security-policy",
}


@dataclass
class Answer:
    """What was sent and logged; ``status`` is 0 where nothing was sent."""

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


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Gives back the body, whatever number of messages it comes in."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
    await send({"type": "http.response.body", "body": body})


def make_scope(**overrides: Any) -> Scope:
    values = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/users/orders/",
        "raw_path": b"/users/orders/",
        "query_string": b"",
        "headers": [],
    }
    return values | overrides


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def ask(
    app: ASGIApp = echo,
    messages: Iterable[Message] = (part(b""),),
    language: str = "en-us",
    **scope: Any,
) -> Answer:
    """The answer to a client that sends these messages, and then stays silent."""
    answer, waiting = Answer(), list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        answer.messages.append(message)

    with capture_logs() as answer.lines:
        asyncio.run(Edge(app, language)(make_scope(**scope), receive, send))
    return answer


async def unreachable(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("the edge should have answered")


class TestUrl:
    @pytest.mark.parametrize("form", ["raw_path", "path"])
    def test_of_8_kib_is_passed_on(self, form: str) -> None:
        scope = url(form, MAX_URL)

        assert ask(**scope).status == 200

    @pytest.mark.parametrize("form", ["raw_path", "path"])
    def test_past_8_kib_is_too_long(self, form: str) -> None:
        answer = ask(unreachable, **url(form, MAX_URL + 1))

        assert (answer.status, answer.error["error_code"]) == (414, "uri_too_long")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"query_string": b"search=\xc5\x9f"},
            {"query_string": b"\xff"},
            {"path": "/users/\x00/"},
            {"path": "/users/\udcff/", "raw_path": b"/users/%FF/"},
            {"path": "/users/\udcff/", "raw_path": None},
        ],
        ids=str,
    )
    def test_with_bytes_that_no_url_may_hold_is_not_valid(self, wrong: dict[str, Any]) -> None:
        answer = ask(unreachable, **wrong)

        assert (answer.status, answer.error["error_code"]) == (400, "invalid_url")

    def test_with_escaped_bytes_is_passed_on(self) -> None:
        assert ask(path="/ş/", raw_path=b"/%C5%9F/", query_string=b"search=%FF").status == 200

    @pytest.mark.parametrize("path", ["//", "//users/orders/", "///users/orders/"])
    def test_with_a_second_slash_in_front_is_not_found(self, path: str) -> None:
        answer = ask(unreachable, path=path, raw_path=path.encode())

        assert (answer.status, answer.error["error_code"]) == (404, "not_found")


def url(form: str, size: int) -> dict[str, Any]:
    """A URL of ``size`` bytes, half of them in the query."""
    query = b"x" * (size // 2)
    path = "/".ljust(size - len(query), "x")
    return {
        "path": path,
        "query_string": query,
        "raw_path": path.encode() if form == "raw_path" else None,
    }


class TestHeaders:
    def test_of_16_kib_are_passed_on(self) -> None:
        assert ask(headers=headers(MAX_HEADERS)).status == 200

    def test_past_16_kib_are_too_large(self) -> None:
        answer = ask(unreachable, headers=headers(MAX_HEADERS + 1))

        assert (answer.status, answer.error["error_code"]) == (431, "headers_too_large")


def headers(size: int) -> list[tuple[bytes, bytes]]:
    """Names and values of ``size`` bytes together, in two cookies of one name."""
    half = b"x" * (size // 2 - 6)
    return [(b"cookie", half), (b"cookie", half + b"x" * (size % 2))]


class TestBody:
    @pytest.mark.parametrize("size", [0, 1, MAX_BODY])
    def test_with_a_length_is_passed_on(self, size: int) -> None:
        body = b"x" * size

        answer = ask(messages=[part(body)], headers=[(b"content-length", str(size).encode())])

        assert (answer.status, answer.body) == (200, body)

    def test_in_parts_is_passed_on_in_one(self) -> None:
        received: list[Message] = []

        async def keep(_scope: Scope, receive: Receive, _send: Send) -> None:
            received.append(await receive())

        ask(keep, [part(b"a", more=True), part(b"", more=True), part(b"b")], headers=[CHUNKED])

        assert received == [part(b"ab")]

    def test_is_followed_by_what_comes_after_it(self) -> None:
        received: list[Message] = []

        async def keep(_scope: Scope, receive: Receive, _send: Send) -> None:
            received.extend([await receive(), await receive()])

        ask(keep, [part(b"a"), {"type": "http.disconnect"}], headers=[CHUNKED])

        assert received[1:] == [{"type": "http.disconnect"}]

    @pytest.mark.parametrize(
        "scope",
        [
            {"headers": [(b"content-length", str(MAX_BODY + 1).encode())]},
            {"headers": [(b"content-length", b"1")]},
            {"headers": [CHUNKED]},
            {"http_version": "2"},
            {"http_version": "3"},
        ],
        ids=str,
    )
    def test_past_256_kib_is_too_large_however_it_is_announced(self, scope: dict[str, Any]) -> None:
        half = part(b"x" * (MAX_BODY // 2), more=True)

        answer = ask(unreachable, [half, half, part(b"x")], **scope)

        assert (answer.status, answer.error["error_code"]) == (413, "content_too_large")
        assert answer.headers["connection"] == "close"

    @pytest.mark.parametrize("http_version", ["1.1", "2"])
    def test_that_stops_on_its_way_is_a_timeout(
        self, http_version: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(edge, "BODY_SECONDS", 0.01)

        answer = ask(
            unreachable, [part(b"x", more=True)], http_version=http_version, headers=[CHUNKED]
        )

        assert (answer.status, answer.error["error_code"]) == (408, "request_timeout")

    def test_that_is_not_announced_is_not_waited_for(self) -> None:
        async def answer_at_once(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 204, "headers": []})

        assert ask(answer_at_once, messages=[]).status == 204

    def test_of_a_client_that_goes_away_is_answered_with_nothing(self) -> None:
        messages = [part(b"x", more=True), {"type": "http.disconnect"}]

        assert ask(unreachable, messages, headers=[CHUNKED]).messages == []


class TestRequestId:
    @pytest.mark.parametrize("given", [b"a", b"!~", b"x" * 128])
    def test_of_the_client_is_kept(self, given: bytes) -> None:
        answer = ask(headers=[(b"x-request-id", given)])

        assert answer.headers["x-request-id"] == given.decode()

    @pytest.mark.parametrize(
        "given", [b"", b"x" * 129, b"a b", b"a\n", b"\xc5\x9f", b"a\x00", b"a\x7f"]
    )
    def test_that_is_not_usable_is_replaced(self, given: bytes) -> None:
        answer = ask(headers=[(b"x-request-id", given)])

        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])

    def test_is_another_one_for_each_request(self) -> None:
        assert ask().headers["x-request-id"] != ask().headers["x-request-id"]

    def test_is_in_every_line_of_the_log_and_in_no_later_one(self) -> None:
        bound: list[dict[str, Any]] = []

        async def look(_scope: Scope, _receive: Receive, _send: Send) -> None:
            bound.append(structlog.contextvars.get_contextvars())

        ask(look, headers=[(b"x-request-id", b"mine")])

        assert bound == [{"request_id": "mine"}]
        assert structlog.contextvars.get_contextvars() == {}


class TestCommonHeaders:
    @pytest.mark.parametrize(
        ("status", "scope"),
        [(200, {}), (414, url("raw_path", MAX_URL + 1)), (400, {"query_string": b"\xff"})],
    )
    def test_stand_on_every_answer(self, status: int, scope: dict[str, Any]) -> None:
        answer = ask(**scope)

        assert answer.status == status
        assert answer.headers.keys() >= COMMON_HEADERS

    def test_stand_beside_the_answer_s_own(self) -> None:
        assert ask().headers["x-own"] == "1"

    def test_forbid_frames_and_foreign_scripts(self) -> None:
        given = ask().headers

        assert (given["x-frame-options"], given["x-content-type-options"]) == ("DENY", "nosniff")
        assert "script-src" not in given["content-security-policy"]
        assert given["content-security-policy"].startswith("default-src 'self';")


class TestFailures:
    def test_of_the_application_are_500_in_the_shape_of_errors(self) -> None:
        async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise ZeroDivisionError("secret")

        answer = ask(fail)

        assert answer.status == 500
        assert answer.error == {"detail": "Internal server error.", "error_code": "internal_error"}
        assert answer.headers.keys() >= COMMON_HEADERS | {"content-length"}

    def test_that_are_refusals_keep_their_status(self) -> None:
        async def refuse(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise NotFound

        assert ask(refuse).status == 404

    def test_after_an_answer_has_begun_are_left_to_the_server(self) -> None:
        async def break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            ask(break_off)

    @pytest.mark.parametrize(
        ("accepted", "default", "message"),
        [
            (b"tr", "en-us", "URL çok uzun."),
            (b"", "tr-tr", "URL çok uzun."),
            (b"en", "tr-tr", "The URL is too long."),
            (b"\xff", "en-us", "The URL is too long."),
        ],
    )
    def test_are_told_in_the_reader_s_language(
        self, accepted: bytes, default: str, message: str
    ) -> None:
        answer = ask(
            unreachable,
            language=default,
            headers=[(b"accept-language", accepted)],
            **url("raw_path", MAX_URL + 1),
        )

        assert answer.error["detail"] == message


class TestLog:
    def test_has_a_line_for_each_request_without_its_query(self) -> None:
        [line] = ask(query_string=b"search=secret").lines

        assert line.pop("milliseconds") >= 0
        assert line == {
            "event": "request",
            "log_level": "info",
            "method": "GET",
            "path": "/users/orders/",
            "status": 200,
        }

    def test_has_what_broke_before_it(self) -> None:
        async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise ZeroDivisionError

        lines = ask(fail).lines

        assert [line["event"] for line in lines] == ["unhandled_error", "request"]
        assert lines[1]["status"] == 500

    def test_has_a_line_for_an_answer_that_broke_off(self) -> None:
        async def break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ZeroDivisionError

        with capture_logs() as lines, pytest.raises(ZeroDivisionError):
            asyncio.run(Edge(break_off, "en-us")(make_scope(), _nothing, _ignore))

        assert [line["event"] for line in lines] == ["unhandled_error", "request"]


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_all_else_passes_through_as_it_is(kind: str) -> None:
    seen: list[Any] = []

    async def keep(*arguments: Any) -> None:
        seen.extend(arguments)

    scope = {"type": kind}
    asyncio.run(Edge(keep, "en-us")(scope, _nothing, _ignore))

    assert seen == [scope, _nothing, _ignore]


async def _nothing() -> Message:
    return part(b"")


async def _ignore(_message: Message) -> None: ...
