import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from domain.shared.errors import NotFound, Unavailable
from handlers.edge import guard
from handlers.http.headers import MAX_URL
from handlers.web.front import make_guard
from tests.support.guard_requests import SETTINGS, make_scope, part, send_to_guard, unreachable, url

COMMON_HEADERS = {
    "x-request-id",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "content-security-policy",
}


class TestRequestId:
    @pytest.mark.parametrize("given", [b"a", b"!~", b"x" * 128])
    def test_of_the_client_is_returned(self, given: bytes) -> None:
        response = send_to_guard(headers=[(b"x-request-id", given)])

        assert response.headers["x-request-id"] == given.decode()

    @pytest.mark.parametrize(
        "given", [b"", b"x" * 129, b"a b", b"a\n", b"\xc5\x9f", b"a\x00", b"a\x7f"]
    )
    def test_that_is_invalid_is_replaced(self, given: bytes) -> None:
        response = send_to_guard(headers=[(b"x-request-id", given)])

        assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])

    def test_is_unique(self) -> None:
        assert send_to_guard().headers["x-request-id"] != send_to_guard().headers["x-request-id"]

    def test_is_in_the_log_context_only_during_the_request(self) -> None:
        bound: list[dict[str, Any]] = []

        async def look(_scope: Scope, _receive: Receive, _send: Send) -> None:
            bound.append(structlog.contextvars.get_contextvars())

        send_to_guard(look, headers=[(b"x-request-id", b"mine")])

        assert bound == [{"request_id": "mine"}]
        assert structlog.contextvars.get_contextvars() == {}


class TestCommonHeaders:
    @pytest.mark.parametrize(
        ("status", "scope"),
        [(200, {}), (414, url("raw_path", MAX_URL + 1)), (400, {"query_string": b"\xff"})],
    )
    def test_are_in_every_response(self, status: int, scope: dict[str, Any]) -> None:
        response = send_to_guard(**scope)

        assert response.status == status
        assert response.headers.keys() >= COMMON_HEADERS

    def test_do_not_replace_headers_of_the_application(self) -> None:
        assert send_to_guard().headers["x-own"] == "1"

    def test_forbid_frames_and_foreign_scripts(self) -> None:
        given = send_to_guard().headers

        assert (given["x-frame-options"], given["x-content-type-options"]) == ("DENY", "nosniff")
        assert "script-src" not in given["content-security-policy"]
        assert given["content-security-policy"].startswith("default-src 'self';")


class TestFailures:
    def test_of_the_application_are_500_with_an_error_body(self) -> None:
        async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise ZeroDivisionError("secret")

        response = send_to_guard(fail)

        assert response.status == 500
        assert response.error == {
            "detail": "Internal server error.",
            "error_code": "internal_error",
        }
        assert response.headers.keys() >= COMMON_HEADERS | {"content-length"}

    def test_that_are_refusals_have_their_status(self) -> None:
        async def refuse(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise NotFound

        assert send_to_guard(refuse).status == 404

    def test_that_are_temporary_have_a_retry_after(self) -> None:
        async def refuse(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise Unavailable

        response = send_to_guard(refuse)

        assert (response.status, response.headers["retry-after"]) == (503, "1")
        assert response.error["error_code"] == "unavailable"

    def test_after_the_start_of_a_response_are_raised(self) -> None:
        async def break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            send_to_guard(break_off)

    @pytest.mark.parametrize(
        ("accepted", "default", "message"),
        [
            (b"tr", "en-us", "URL çok uzun."),
            (b"", "tr-tr", "URL çok uzun."),
            (b"en", "tr-tr", "The URL is too long."),
            (b"\xff", "en-us", "The URL is too long."),
        ],
    )
    def test_are_described_in_the_language_of_the_request(
        self, accepted: bytes, default: str, message: str
    ) -> None:
        response = send_to_guard(
            unreachable,
            settings=replace(SETTINGS, default_language=default),
            headers=[(b"accept-language", accepted)],
            **url("raw_path", MAX_URL + 1),
        )

        assert response.error["detail"] == message


class TestCapacity:
    """The limits of concurrent requests."""

    @pytest.mark.parametrize(
        ("bound", "headers", "answered"),
        [
            ("MAX_REQUESTS", [], [200, 200, 503]),
            ("MAX_CONTENTS", [], [200, 200, 200]),
            ("MAX_CONTENTS", [(b"content-length", b"1")], [200, 200, 503]),
        ],
    )
    def test_is_limited_and_becomes_free_again(
        self,
        monkeypatch: pytest.MonkeyPatch,
        bound: str,
        headers: list[tuple[bytes, bytes]],
        answered: list[int],
    ) -> None:
        monkeypatch.setattr(guard, bound, 2)
        statuses: list[int] = []

        async def scenario() -> list[int]:
            released = asyncio.Event()

            async def wait(_scope: Scope, _receive: Receive, send: Send) -> None:
                await released.wait()
                await send({"type": "http.response.start", "status": 200, "headers": []})

            async def receive() -> Message:
                return part(b"1")

            async def send(message: Message) -> None:
                if "status" in message:
                    statuses.append(message["status"])

            tested = make_guard(wait, SETTINGS)
            for _ in range(2):
                request_fields = [
                    asyncio.create_task(tested(make_scope(headers), receive, send))
                    for _ in range(3)
                ]
                await asyncio.sleep(0.01)
                released.set()
                await asyncio.gather(*request_fields)
                released.clear()
            return statuses

        assert sorted(asyncio.run(scenario())) == sorted(2 * answered)


class TestLog:
    def test_has_a_line_for_every_request_without_its_query(self) -> None:
        [line] = send_to_guard(query_string=b"search=secret").lines

        assert line.pop("milliseconds") >= 0
        assert line == {
            "bytes": 0,
            "caller": "none",
            "client": "",
            "event": "request",
            "log_level": "info",
            "method": "GET",
            "operation_id": None,
            "path": "/users/orders/",
            "status": 200,
        }

    def test_has_an_unhandled_error_before_the_request(self) -> None:
        async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise ZeroDivisionError

        lines = send_to_guard(fail).lines

        assert [line["event"] for line in lines] == ["unhandled_error", "request"]
        assert lines[1]["status"] == 500

    def test_has_a_line_for_an_aborted_response(self) -> None:
        async def break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ZeroDivisionError

        with capture_logs() as lines, pytest.raises(ZeroDivisionError):
            asyncio.run(make_guard(break_off, SETTINGS)(make_scope(), _nothing, _ignore))

        assert [line["event"] for line in lines] == ["unhandled_error", "request"]


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_other_scopes_are_passed_on_unchanged(kind: str) -> None:
    seen: list[Any] = []

    async def keep(*arguments: Any) -> None:
        seen.extend(arguments)

    scope = {"type": kind}
    asyncio.run(make_guard(keep, SETTINGS)(scope, _nothing, _ignore))

    assert seen == [scope, _nothing, _ignore]


async def _nothing() -> Message:
    return part(b"")


async def _ignore(_message: Message) -> None: ...
