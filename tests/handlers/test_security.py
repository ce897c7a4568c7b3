from dataclasses import replace
from typing import Any

import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from handlers.security import (
    CsrfFailed,
    OriginMismatch,
    check_csrf,
    check_origin,
    csrf_token,
    new_csrf_token,
)
from handlers.settings import Settings

SETTINGS = Settings(secret="s" * 32)
SESSION = "a" * 43


def make_request(
    method: str = "POST",
    *,
    session: str | None = SESSION,
    grant: str | None = None,
    cookie: str | None = None,
    header: str | None = None,
    **headers: str,
) -> Request:
    cookies = {"sessionid": session, "ordergrant": grant, "csrftoken": cookie}
    given = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items() if value)}
    if header is not None:
        given["X-Csrftoken"] = header
    builder = EnvironBuilder(
        "/", "http://shop.example", method=method, headers=Headers(given | headers)
    )
    return Request(builder.get_environ())


def token(**overrides: Any) -> str:
    values: dict[str, Any] = {"credential": SESSION, "settings": SETTINGS}
    return new_csrf_token(**values | overrides)


class TestCheckCsrf:
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_passes_one_token_in_cookie_and_header(self, method: str) -> None:
        shown = token()

        check_csrf(make_request(method, cookie=shown, header=shown), SETTINGS)

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_asks_for_none_where_nothing_changes(self, method: str) -> None:
        check_csrf(make_request(method), SETTINGS)

    def test_asks_for_none_without_a_cookie_that_gives_a_right(self) -> None:
        check_csrf(make_request(session=None), SETTINGS)

    def test_passes_and_wants_the_token_of_a_grant(self) -> None:
        own, before = token(credential="grant"), token(credential=None)
        check_csrf(make_request(session=None, grant="grant", cookie=own, header=own), SETTINGS)

        for shown in (before, token(credential="other")):
            request = make_request(session=None, grant="grant", cookie=shown, header=shown)
            with pytest.raises(CsrfFailed):
                check_csrf(request, SETTINGS)

    @pytest.mark.parametrize(
        ("cookie", "header"),
        [
            (None, None),
            (token(), None),
            (None, token()),
            (token(), token()),
            ("", ""),
            ("x.y", "x.y"),
            ("ş", "ş".encode().decode("latin-1")),
        ],
        ids=["none", "no header", "no cookie", "two tokens", "empty", "unsigned", "not ASCII"],
    )
    def test_refuses_all_else(self, cookie: str | None, header: str | None) -> None:
        with pytest.raises(CsrfFailed) as refusal:
            check_csrf(make_request(cookie=cookie, header=header), SETTINGS)

        assert refusal.value.code == "csrf_failed"

    @pytest.mark.parametrize(
        "foreign",
        [
            token(credential="b" * 43),
            token(credential=None),
            token(settings=Settings(secret="t" * 32)),
            token() + "x",
        ],
        ids=["another session's", "from before the login", "another server's", "changed"],
    )
    def test_refuses_a_token_that_was_signed_for_something_else(self, foreign: str) -> None:
        with pytest.raises(CsrfFailed):
            check_csrf(make_request(cookie=foreign, header=foreign), SETTINGS)


class TestCsrfToken:
    def test_is_new_where_there_is_none(self) -> None:
        assert csrf_token(make_request(), SETTINGS) != csrf_token(make_request(), SETTINGS)

    def test_is_the_one_that_the_request_came_with(self) -> None:
        own = token()

        assert csrf_token(make_request(cookie=own), SETTINGS) == own

    def test_is_new_after_the_login(self) -> None:
        own = token(credential=None)

        assert csrf_token(make_request(session=None, cookie=own), SETTINGS) == own
        assert csrf_token(make_request(cookie=own), SETTINGS) != own


class TestCheckOrigin:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "http://shop.example"},
            {"Origin": "http://shop.example:80"},
            {"Origin": "https://shop.example"},
            {"Origin": "https://shop.example", "Host": "shop.example:443"},
            {"Origin": "http://shop.example:8000", "Host": "SHOP.example:8000"},
        ],
    )
    def test_passes_our_own_pages_and_clients_without_any(self, headers: dict[str, str]) -> None:
        check_origin(make_request(**headers), SETTINGS)

    def test_passes_pages_of_origins_on_the_list(self) -> None:
        allowing = replace(SETTINGS, cors_origins="https://front.example")

        check_origin(make_request(Origin="https://front.example"), allowing)
        with pytest.raises(OriginMismatch):
            check_origin(make_request(Origin="http://front.example"), allowing)

    @pytest.mark.parametrize(
        "origin",
        [
            "",
            "null",
            "http://evil.example",
            "http://shop.example.evil.example",
            "http://shop.example:8080",
            "file://shop.example",
            "shop.example",
            "http://[",
            "http://shop.example:port",
        ],
    )
    def test_refuses_pages_of_others(self, origin: str) -> None:
        with pytest.raises(OriginMismatch) as refusal:
            check_origin(make_request(Origin=origin), SETTINGS)

        assert refusal.value.code == "origin_mismatch"
