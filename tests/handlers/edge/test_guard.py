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
from tests.support.guard_requests import SETTINGS, ask, make_scope, part, unreachable, url

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

    def test_that_pass_say_when_to_come_again(self) -> None:
        async def refuse(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise Unavailable

        answer = ask(refuse)

        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert answer.error["error_code"] == "unavailable"

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
            settings=replace(SETTINGS, default_language=default),
            headers=[(b"accept-language", accepted)],
            **url("raw_path", MAX_URL + 1),
        )

        assert answer.error["detail"] == message


class TestRoom:
    """How many requests there may be at once."""

    @pytest.mark.parametrize(
        ("bound", "headers", "answered"),
        [
            ("MAX_REQUESTS", [], [200, 200, 503]),
            ("MAX_CONTENTS", [], [200, 200, 200]),
            ("MAX_CONTENTS", [(b"content-length", b"1")], [200, 200, 503]),
        ],
    )
    def test_is_bounded_and_found_again(
        self,
        monkeypatch: pytest.MonkeyPatch,
        bound: str,
        headers: list[tuple[bytes, bytes]],
        answered: list[int],
    ) -> None:
        monkeypatch.setattr(guard, bound, 2)
        statuses: list[int] = []

        async def meet() -> list[int]:
            everybody = asyncio.Event()

            async def wait(_scope: Scope, _receive: Receive, send: Send) -> None:
                await everybody.wait()
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
                everybody.set()
                await asyncio.gather(*request_fields)
                everybody.clear()
            return statuses

        assert sorted(asyncio.run(meet())) == sorted(2 * answered)


class TestLog:
    def test_has_a_line_for_each_request_without_its_query(self) -> None:
        [line] = ask(query_string=b"search=secret").lines

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
            asyncio.run(make_guard(break_off, SETTINGS)(make_scope(), _nothing, _ignore))

        assert [line["event"] for line in lines] == ["unhandled_error", "request"]


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_all_else_passes_through_as_it_is(kind: str) -> None:
    seen: list[Any] = []

    async def keep(*arguments: Any) -> None:
        seen.extend(arguments)

    scope = {"type": kind}
    asyncio.run(make_guard(keep, SETTINGS)(scope, _nothing, _ignore))

    assert seen == [scope, _nothing, _ignore]


async def _nothing() -> Message:
    return part(b"")


async def _ignore(_message: Message) -> None: ...
