from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from domain.shared.errors import Refusal
from handlers.http import request_body as content
from handlers.http.headers import MAX_BODY
from handlers.http.media_types import FORM, JSON
from handlers.http.request_body import Content, content_of
from tests.support.guard_requests import (
    CHUNKED,
    Inside,
    make_scope,
    part,
    send_to_guard,
    sent,
    unreachable,
)


def refusal_of(found: Content) -> str:
    with pytest.raises(Refusal) as refusal:
        found.read()
    return refusal.value.code


class TestReading:
    @pytest.mark.parametrize("size", [0, 2, MAX_BODY])
    def test_returns_the_whole_body(self, size: int) -> None:
        found = sent(b"[]".ljust(size) if size else b"")

        assert (found.read(), found.is_empty) == ([] if size else None, not size)

    def test_joins_all_parts(self) -> None:
        inside, messages = Inside(), [part(b"[", more=True), part(b"", more=True), part(b"1]")]

        send_to_guard(inside, messages, headers=[CHUNKED, (b"content-type", JSON.encode())])

        assert content_of({"asgi.scope": inside.scope}).read() == [1]

    def test_leaves_no_body_for_the_application(self) -> None:
        inside = Inside()

        send_to_guard(
            inside, [part(b"{}")], headers=[(b"content-length", b"2"), (b"x-other", b"1")]
        )

        assert inside.messages == [part(b"")]
        assert [name for name, _ in inside.scope["headers"]] == [b"host", b"x-other"]

    def test_passes_on_messages_after_the_body(self) -> None:
        received: list[Message] = []

        async def keep(_scope: Scope, receive: Receive, _send: Send) -> None:
            received.extend([await receive(), await receive()])

        send_to_guard(keep, [part(b"a"), {"type": "http.disconnect"}], headers=[CHUNKED])

        assert received[1:] == [{"type": "http.disconnect"}]

    def test_does_not_wait_without_an_announced_body(self) -> None:
        async def answer_at_once(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 204, "headers": []})

        assert send_to_guard(answer_at_once, messages=[]).status == 204

    @pytest.mark.parametrize(
        "announced",
        [
            {"headers": [(b"content-length", b"1")]},
            {"headers": [CHUNKED]},
            {"http_version": "2"},
            {"http_version": "3"},
        ],
        ids=str,
    )
    def test_stops_after_256_kib_for_every_framing(self, announced: dict[str, Any]) -> None:
        half = part(b"x" * (MAX_BODY // 2), more=True)

        response = send_to_guard(unreachable, [half, half, part(b"x")], **announced)

        assert (response.status, response.error["error_code"]) == (413, "content_too_large")
        assert response.headers["connection"] == "close"

    @pytest.mark.parametrize("http_version", ["1.1", "2"])
    def test_stops_at_the_timeout(self, http_version: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(content, "BODY_SECONDS", 0.01)

        response = send_to_guard(
            unreachable, [part(b"x", more=True)], http_version=http_version, headers=[CHUNKED]
        )

        assert (response.status, response.error["error_code"]) == (408, "request_timeout")

    def test_fails_when_the_client_disconnects(self) -> None:
        messages = [part(b"x", more=True), {"type": "http.disconnect"}]

        response = send_to_guard(unreachable, messages, headers=[CHUNKED])

        assert (response.status, response.error["error_code"]) == (400, "malformed_message")


class TestMediaType:
    @pytest.mark.parametrize(
        "content_type",
        [
            JSON,
            "APPLICATION/JSON",
            "application/json; charset=utf-8",
            'application/json;Charset="UTF-8"',
            " application/json ; x=y; charset=utf8",
        ],
    )
    def test_is_json_in_any_spelling(self, content_type: str) -> None:
        found = sent(b"{}", content_type)

        assert (found.media_type, found.read()) == (JSON, {})

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json; charset=latin-1",
            "application/json; charset=utf-16",
            "application/json; charset=",
            f"{FORM}; charset=iso-8859-9",
        ],
    )
    def test_in_another_charset_is_not_supported(self, content_type: str) -> None:
        assert refusal_of(sent(b"{}", content_type)) == "unsupported_media_type"

    @pytest.mark.parametrize(
        "content_type",
        ["", "text/plain", "application/jsonx", "*/*", "multipart/form-data; boundary=x", "\xff"],
    )
    def test_of_another_kind_is_passed_on_as_bytes(self, content_type: str) -> None:
        found = sent(b"{}", content_type)

        assert (found.read(), found.content_type) == (b"{}", content_type)

    @pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", ""])
    def test_with_a_content_coding_is_not_supported(self, coding: str) -> None:
        assert refusal_of(sent(b"{}", content_encoding=coding)) == "unsupported_media_type"

    def test_may_have_the_coding_identity(self) -> None:
        assert sent(b"{}", content_encoding="identity").read() == {}

    def test_that_is_repeated_is_not_supported(self) -> None:
        inside, kind = Inside(), (b"content-type", JSON.encode())

        send_to_guard(inside, [part(b"{}")], headers=[kind, kind, CHUNKED])

        assert refusal_of(content_of({"asgi.scope": inside.scope})) == "unsupported_media_type"

    @pytest.mark.parametrize("content_type", ["", "text/plain", JSON])
    def test_of_an_empty_body_is_passed_on(self, content_type: str) -> None:
        assert sent(b"", content_type) == Content(content_type)

    def test_is_read_from_the_header_without_a_body(self) -> None:
        environ = {"asgi.scope": make_scope(), "CONTENT_TYPE": "Application/JSON; x=y"}

        assert content_of(environ) == Content(JSON)


class TestMalformed:
    def test_is_refused_when_it_is_read(self) -> None:
        assert refusal_of(sent(b"{")) == "malformed_body"

    def test_is_not_empty(self) -> None:
        assert not sent(b"{").is_empty


class TestForm:
    def test_is_a_list_of_fields(self) -> None:
        found = sent(b"email=a%40b&next=&x=1&x=%C5%9F+2", FORM)

        assert found.read() == [("email", "a@b"), ("next", ""), ("x", "1"), ("x", "ş 2")]

    @pytest.mark.parametrize(
        "raw",
        [
            b"email=%FF",
            b"email=\xff",
            "email=ş".encode(),
            b"email=%ED%A0%80",
            b"email=a%00b",
            b"%00=a",
            b"&".join([b"a=1"] * 1001),
        ],
        ids=lambda raw: repr(raw[:20]),
    )
    def test_that_is_not_utf_8_or_too_long_is_malformed(self, raw: bytes) -> None:
        assert refusal_of(sent(raw, FORM)) == "malformed_body"

    def test_has_a_field_by_name(self) -> None:
        found = sent(b"next=/docs&next=/redoc", FORM)

        assert (found.field("next"), found.field("email")) == ("/docs", "")

    @pytest.mark.parametrize("found", [Content(FORM), Content(JSON, {"next": "x"})], ids=str)
    def test_of_another_content_has_no_fields(self, found: Content) -> None:
        assert found.field("next") == ""
