from dataclasses import replace
from typing import Any

import pytest

from handlers.http.headers import MAX_BODY, MAX_HEADER_BYTES, MAX_HEADERS, MAX_URL
from tests.support.guard_requests import (
    CHUNKED,
    HOST,
    SETTINGS,
    GuardResponse,
    Inside,
    make_scope,
    send_to_guard,
    unreachable,
    url,
)

LENGTH = (b"content-length", b"1")


def refused(**scope_parts: Any) -> tuple[int, str]:
    response = send_to_guard(unreachable, **scope_parts)
    assert set(response.error) == {"detail", "error_code"}
    return response.status, response.error["error_code"]


class TestUrl:
    @pytest.mark.parametrize("form", ["raw_path", "path"])
    def test_of_8_kib_is_passed_on(self, form: str) -> None:
        assert send_to_guard(**url(form, MAX_URL)).status == 200

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
    def test_with_invalid_bytes_is_refused(self, wrong: dict[str, Any]) -> None:
        assert refused(**wrong) == (400, "invalid_url")

    def test_with_escaped_bytes_is_passed_on(self) -> None:
        assert (
            send_to_guard(path="/ş/", raw_path=b"/%C5%9F/", query_string=b"search=%FF").status
            == 200
        )

    @pytest.mark.parametrize("path", ["//", "//users/orders/", "///users/orders/"])
    def test_with_two_leading_slashes_is_not_found(self, path: str) -> None:
        assert refused(path=path, raw_path=path.encode()) == (404, "not_found")


class TestHeaders:
    def test_of_16_kib_are_passed_on(self) -> None:
        assert send_to_guard(headers=cookies(MAX_HEADER_BYTES)).status == 200

    def test_past_16_kib_are_too_large(self) -> None:
        assert refused(headers=cookies(MAX_HEADER_BYTES + 1)) == (431, "headers_too_large")

    def test_may_be_64(self) -> None:
        assert send_to_guard(headers=[(b"x", b"")] * (MAX_HEADERS - 1)).status == 200

    def test_past_64_are_too_large(self) -> None:
        assert refused(headers=[(b"x", b"")] * MAX_HEADERS) == (431, "headers_too_large")


def cookies(size: int) -> list[tuple[bytes, bytes]]:
    """Two cookies; their names and values and the Host have ``size`` bytes together."""
    size -= len(b"".join(HOST))
    half = b"x" * (size // 2 - 6)
    return [(b"cookie", half), (b"cookie", half + b"x" * (size % 2))]


class TestHost:
    @pytest.mark.parametrize(
        "host",
        [
            b"shop.example",
            b"shop.example.",
            b"SHOP.example:8000",
            b"xn--maaza-4ya.example:65535",
            b"127.0.0.1",
            b"[::1]:80",
            b"[2001:DB8::192.0.2.1]",
            b"my_shop",
            b".".join([b"x" * 50] * 4),
        ],
    )
    def test_is_a_name_or_an_address(self, host: bytes) -> None:
        assert send_to_guard(scope={**make_scope(), "headers": [(b"host", host)]}).status == 200

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
            [b":80"],
            [b"shop.example:"],
            [b"shop.example:65536"],
            [b"a:b:c"],
            [b"..."],
            [b"shop..example"],
            [b"x" * 64],
            [b".".join([b"x" * 60] * 5)],
            [b"[]"],
            [b"[::1"],
            [b"::1"],
            [b"[::1]80"],
            [b"[::1::2]"],
            [b"[127.0.0.1]"],
            [b"[fe80::1%eth0]"],
            [b"shop.example\n"],
            [b'"><script>'],
            [b"shop.example", b"shop.example"],
            [b"shop.example", b"evil.example"],
        ],
        ids=str,
    )
    def test_must_be_one_valid_host(self, hosts: list[bytes]) -> None:
        scope = {**make_scope(), "headers": [(b"host", host) for host in hosts]}

        assert refused(scope=scope) == (400, "invalid_host")


class TestForwarded:
    """Host and scheme from a trusted proxy are checked in the same way."""

    def send_to_guard(self, *headers: tuple[bytes, bytes], proxies: int = 1) -> GuardResponse:
        return send_to_guard(settings=replace(SETTINGS, trusted_proxies=proxies), headers=headers)

    @pytest.mark.parametrize(
        "host",
        [
            b"a b",
            b"\xe9",
            b"u:p@evil.example",
            b"[::1",
            b":80",
            b"h:99999",
            b'"a b"',
            b"...",
        ],
    )
    def test_host_must_be_valid(self, host: bytes) -> None:
        response = self.send_to_guard((b"x-forwarded-host", host))

        assert (response.status, response.error["error_code"]) == (400, "invalid_host")

    @pytest.mark.parametrize("scheme", [b"javascript", b"ftp", b"HTTPS", b"http:", b"\xff"])
    def test_scheme_must_be_http_or_https(self, scheme: bytes) -> None:
        response = self.send_to_guard((b"x-forwarded-proto", scheme))

        assert (response.status, response.error["error_code"]) == (400, "malformed_message")

    @pytest.mark.parametrize("host", [b"shop.example", b"shop.example:8443", b"[::1]:80", b""])
    @pytest.mark.parametrize("scheme", [b"http", b"https", b""])
    def test_with_valid_values_is_passed_on(self, host: bytes, scheme: bytes) -> None:
        response = self.send_to_guard((b"x-forwarded-host", host), (b"x-forwarded-proto", scheme))

        assert response.status == 200

    @pytest.mark.parametrize(
        ("values", "proxies", "status"),
        [
            ([b"a b, shop.example"], 1, 200),
            ([b"a b", b"shop.example"], 1, 200),
            ([b"shop.example, a b"], 1, 400),
            ([b"shop.example, a b"], 2, 200),
            ([b"a b, shop.example"], 2, 400),
            ([b"a b"], 2, 200),  # the outer proxy added none
            ([b'"x', b'shop.example"'], 1, 400),  # one quoted value
            ([b'"x', b"shop.example"], 1, 400),  # an unclosed quote
        ],
    )
    def test_value_of_the_outermost_trusted_proxy_is_checked(
        self, values: list[bytes], proxies: int, status: int
    ) -> None:
        headers = [(b"x-forwarded-host", value) for value in values]

        assert self.send_to_guard(*headers, proxies=proxies).status == status

    @pytest.mark.parametrize(
        "name", [b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"]
    )
    def test_with_an_unclosed_quote_is_malformed(self, name: bytes) -> None:
        response = self.send_to_guard((name, b'"x'), (name, b"http"))

        assert (response.status, response.error["error_code"]) == (400, "malformed_message")

    def test_is_ignored_without_trusted_proxies(self) -> None:
        assert self.send_to_guard((b"x-forwarded-host", b"a b"), proxies=0).status == 200


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
    def test_that_is_ambiguous_is_malformed(self, headers: list[tuple[bytes, bytes]]) -> None:
        assert refused(headers=headers) == (400, "malformed_message")

    @pytest.mark.parametrize("coding", [b"chunked", b"Chunked"])
    def test_may_be_in_chunks(self, coding: bytes) -> None:
        assert send_to_guard(headers=[(b"transfer-encoding", coding)]).status == 200

    @pytest.mark.parametrize("length", [str(MAX_BODY + 1), "9" * 5000], ids=len)
    def test_with_too_large_a_length_is_refused_without_reading_the_body(self, length: str) -> None:
        headers = [(b"content-length", length.encode())]

        assert refused(headers=headers, messages=[]) == (413, "content_too_large")


class TestMethod:
    @pytest.mark.parametrize(
        ("given", "passed_on"),
        [("GET", "GET"), ("M-SEARCH", "M-SEARCH"), ("get", "UNKNOWN"), ("Get", "UNKNOWN")],
    )
    def test_is_case_sensitive(self, given: str, passed_on: str) -> None:
        inside = Inside()

        send_to_guard(inside, method=given)

        assert inside.scope["method"] == passed_on
