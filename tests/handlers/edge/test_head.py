from typing import Any

import pytest

from handlers.edge.head import MAX_BODY, MAX_HEADER_BYTES, MAX_HEADERS, MAX_URL
from tests.handlers.edge.asking import CHUNKED, HOST, Inside, ask, make_scope, unreachable, url

LENGTH = (b"content-length", b"1")


def refused(**asked: Any) -> tuple[int, str]:
    answer = ask(unreachable, **asked)
    assert set(answer.error) == {"detail", "error_code"}
    return answer.status, answer.error["error_code"]


class TestUrl:
    @pytest.mark.parametrize("form", ["raw_path", "path"])
    def test_of_8_kib_is_passed_on(self, form: str) -> None:
        assert ask(**url(form, MAX_URL)).status == 200

    @pytest.mark.parametrize("form", ["raw_path", "path"])
    def test_past_8_kib_is_too_long(self, form: str) -> None:
        assert refused(**url(form, MAX_URL + 1)) == (414, "uri_too_long")

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
        assert refused(**wrong) == (400, "invalid_url")

    def test_with_escaped_bytes_is_passed_on(self) -> None:
        assert ask(path="/ş/", raw_path=b"/%C5%9F/", query_string=b"search=%FF").status == 200

    @pytest.mark.parametrize("path", ["//", "//users/orders/", "///users/orders/"])
    def test_with_a_second_slash_in_front_is_not_found(self, path: str) -> None:
        assert refused(path=path, raw_path=path.encode()) == (404, "not_found")


class TestHeaders:
    def test_of_16_kib_are_passed_on(self) -> None:
        assert ask(headers=cookies(MAX_HEADER_BYTES)).status == 200

    def test_past_16_kib_are_too_large(self) -> None:
        assert refused(headers=cookies(MAX_HEADER_BYTES + 1)) == (431, "headers_too_large")

    def test_may_be_64(self) -> None:
        assert ask(headers=[(b"x", b"")] * (MAX_HEADERS - 1)).status == 200

    def test_past_64_are_too_large(self) -> None:
        assert refused(headers=[(b"x", b"")] * MAX_HEADERS) == (431, "headers_too_large")


def cookies(size: int) -> list[tuple[bytes, bytes]]:
    """Two cookies that make, with the Host, ``size`` bytes of names and values together."""
    size -= len(b"".join(HOST))
    half = b"x" * (size // 2 - 6)
    return [(b"cookie", half), (b"cookie", half + b"x" * (size % 2))]


class TestHost:
    @pytest.mark.parametrize(
        "host", [b"shop.example", b"SHOP.example:8000", b"127.0.0.1", b"[::1]:80", b"my_shop"]
    )
    def test_is_a_name_or_an_address(self, host: bytes) -> None:
        assert ask(scope={**make_scope(), "headers": [(b"host", host)]}).status == 200

    @pytest.mark.parametrize(
        "hosts",
        [
            [],
            [b""],
            [b"a b"],
            [b"user@shop.example"],
            [b"shop.example/path"],
            [b"shop.example, evil.example"],
            [b"\xff"],
            [b'"><script>'],
            [b"shop.example", b"shop.example"],
            [b"shop.example", b"evil.example"],
        ],
        ids=str,
    )
    def test_is_there_once_and_nothing_else(self, hosts: list[bytes]) -> None:
        scope = {**make_scope(), "headers": [(b"host", host) for host in hosts]}

        assert refused(scope=scope) == (400, "invalid_host")


class TestFraming:
    @pytest.mark.parametrize(
        "headers",
        [
            [(b"transfer-encoding", b"gzip, chunked")],
            [(b"transfer-encoding", b"identity")],
            [(b"transfer-encoding", b"")],
            [CHUNKED, CHUNKED],
            [LENGTH, LENGTH],
            [(b"content-length", b"-1")],
            [(b"content-length", b"+1")],
            [(b"content-length", b"1, 1")],
            [(b"content-length", b"")],
        ],
        ids=str,
    )
    def test_that_leaves_the_end_of_the_body_open_is_malformed(
        self, headers: list[tuple[bytes, bytes]]
    ) -> None:
        assert refused(headers=headers) == (400, "malformed_message")

    @pytest.mark.parametrize("coding", [b"chunked", b"Chunked"])
    def test_may_be_in_chunks(self, coding: bytes) -> None:
        assert ask(headers=[(b"transfer-encoding", coding)]).status == 200

    @pytest.mark.parametrize("length", [str(MAX_BODY + 1), "9" * 5000], ids=len)
    def test_that_announces_too_much_is_answered_before_it_comes(self, length: str) -> None:
        headers = [(b"content-length", length.encode())]

        assert refused(headers=headers, messages=[]) == (413, "content_too_large")


class TestMethod:
    @pytest.mark.parametrize(
        ("given", "passed_on"),
        [("GET", "GET"), ("M-SEARCH", "M-SEARCH"), ("get", "UNKNOWN"), ("Get", "UNKNOWN")],
    )
    def test_in_another_case_is_another_one(self, given: str, passed_on: str) -> None:
        inside = Inside()

        ask(inside, method=given)

        assert inside.scope["method"] == passed_on
