from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from handlers.auth.csrf_encoding import read_token, write_token
from handlers.auth.session_cookies import (
    CsrfFailed,
    OriginMismatch,
    check_csrf,
    check_origin,
    csrf_token,
    new_csrf_token,
    session_value,
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


def dotted(nonce: str, signatures: Sequence[str]) -> str:
    """A token in the format of an earlier version."""
    return ".".join([nonce, *signatures])


def check(request: Request, credential: str | None = SESSION, **overrides: Any) -> None:
    check_csrf(request, credential, **{"settings": SETTINGS} | overrides)


class TestCheckCsrf:
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_accepts_one_token_in_cookie_and_header(self, method: str) -> None:
        shown = token()

        check(make_request(method, cookie=shown, header=shown))

    def test_accepts_one_token_in_cookie_and_form(self) -> None:
        shown = token()

        check(make_request(cookie=shown), form_token=shown)
        with pytest.raises(CsrfFailed):
            check(make_request(cookie=shown), form_token=token())
        with pytest.raises(CsrfFailed):
            check(make_request(cookie=shown, header=token()), form_token=shown)

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_needs_no_token_for_safe_methods(self, method: str) -> None:
        check(make_request(method))

    def test_needs_no_token_without_a_session_or_grant(self) -> None:
        check(make_request(session=None), None)

    def test_needs_the_token_of_a_grant(self) -> None:
        own, before = token(credential="grant"), token(credential=None)
        check(make_request(session=None, grant="grant", cookie=own, header=own), "grant")

        for shown in (before, token(credential="other")):
            request = make_request(session=None, grant="grant", cookie=shown, header=shown)
            with pytest.raises(CsrfFailed):
                check(request, "grant")

    @pytest.mark.parametrize(
        ("admitted_by", "bound_to", "passes"),
        [
            ("grant", "grant", True),
            ("grant", SESSION, False),
            (SESSION, SESSION, True),
            (SESSION, "grant", False),
        ],
    )
    def test_needs_the_token_of_the_credential_that_authorizes(
        self, admitted_by: str, bound_to: str, passes: bool
    ) -> None:
        shown = token(credential=bound_to)
        request = make_request(grant="grant", cookie=shown, header=shown)

        if passes:
            check(request, admitted_by)
            return
        with pytest.raises(CsrfFailed):
            check(request, admitted_by)

    @pytest.mark.parametrize(
        ("cookie", "header"),
        [
            (None, None),
            (token(), None),
            (None, token()),
            (token(), token()),
            ("", ""),
            ("x.y", "x.y"),
            ("ab" * 48, "ab" * 48),
            ("zz" * 48, "zz" * 48),
            ("ab" * 47, "ab" * 47),
            ("ş", "ş".encode().decode("latin-1")),
        ],
        ids=[
            "none",
            "no header",
            "no cookie",
            "two tokens",
            "empty",
            "unsigned, dotted",
            "unsigned",
            "no hex",
            "too short",
            "not ASCII",
        ],
    )
    def test_refuses_all_other_tokens(self, cookie: str | None, header: str | None) -> None:
        with pytest.raises(CsrfFailed) as refusal:
            check(make_request(cookie=cookie, header=header))

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
    def test_refuses_a_token_with_another_purpose(self, foreign: str) -> None:
        with pytest.raises(CsrfFailed):
            check(make_request(cookie=foreign, header=foreign))

    @pytest.mark.parametrize("write", [write_token, dotted])
    @pytest.mark.parametrize(("others", "passes"), [(1, True), (2, False)])
    def test_verifies_at_most_two_signatures(
        self, write: Callable[[str, Sequence[str]], str], others: int, passes: bool
    ) -> None:
        nonce, [signature] = read_token(token())
        shown = write(nonce, [*read_token(token())[1] * others, signature])

        if passes:
            check(make_request(cookie=shown, header=shown))
            return
        with pytest.raises(CsrfFailed):
            check(make_request(cookie=shown, header=shown))

    @pytest.mark.parametrize("key", [SESSION, "unknown", ""])
    def test_needs_no_token_with_a_key(self, key: str) -> None:
        check(make_request(Authorization=f"Session {key}"))

        with pytest.raises(CsrfFailed):
            check(make_request(Authorization=f"Basic {key}"))

    def test_accepts_a_token_of_the_earlier_form(self) -> None:
        old = dotted(*read_token(token()))

        check(make_request(cookie=old, header=old))
        assert csrf_token(make_request(cookie=old), SETTINGS) == old
        extended = csrf_token(make_request(grant="grant", cookie=old), SETTINGS)
        assert extended.isalnum()
        check(make_request(grant="grant", cookie=extended, header=old), SESSION)
        check(make_request(grant="grant", cookie=extended, header=extended), "grant")

    @pytest.mark.parametrize("name", ["sessionid", "ordergrant", "csrftoken"])
    @pytest.mark.parametrize("credential", [SESSION, None])
    def test_refuses_two_cookies_of_one_name_that_differ(
        self, name: str, credential: str | None
    ) -> None:
        shown = token()
        cookies = f"sessionid={SESSION}; ordergrant=g; csrftoken={shown}"
        headers = Headers({"X-Csrftoken": shown, "Cookie": f"{cookies}; {name}=planted"})
        request = Request(EnvironBuilder("/", method="POST", headers=headers).get_environ())

        with pytest.raises(CsrfFailed):
            check(request, credential)

    def test_accepts_two_equal_cookies(self) -> None:
        shown = token()
        cookies = f"sessionid={SESSION}; csrftoken={shown}"
        headers = Headers({"X-Csrftoken": shown, "Cookie": f"{cookies}; {cookies}"})

        check(Request(EnvironBuilder("/", method="POST", headers=headers).get_environ()))


class TestSessionValue:
    @pytest.mark.parametrize(
        ("cookies", "value"),
        [
            ("sessionid=a", "a"),
            ("sessionid=a; sessionid=a", "a"),
            ("sessionid=b; sessionid=a", None),
            ("other=a", None),
        ],
    )
    def test_is_none_if_two_cookies_differ(self, cookies: str, value: str | None) -> None:
        request = Request(EnvironBuilder("/", headers=Headers({"Cookie": cookies})).get_environ())

        assert session_value(request, SETTINGS) == value


class TestCsrfToken:
    def test_is_new_if_there_is_none(self) -> None:
        assert csrf_token(make_request(), SETTINGS) != csrf_token(make_request(), SETTINGS)

    def test_is_that_of_the_request(self) -> None:
        own = token()

        assert csrf_token(make_request(cookie=own), SETTINGS) == own

    def test_is_new_after_the_login(self) -> None:
        own = token(credential=None)

        assert csrf_token(make_request(session=None, cookie=own), SETTINGS) == own
        assert read_token(csrf_token(make_request(cookie=own), SETTINGS))[0] != read_token(own)[0]

    def test_is_valid_for_session_and_grant(self) -> None:
        own = csrf_token(make_request(grant="grant"), SETTINGS)

        for admitted_by in (SESSION, "grant"):
            check(make_request(grant="grant", cookie=own, header=own), admitted_by)
        assert csrf_token(make_request(grant="grant", cookie=own), SETTINGS) == own

    def test_stays_valid_in_an_open_tab_after_an_extension(self) -> None:
        before = token()
        own = csrf_token(make_request(grant="grant", cookie=before), SETTINGS)

        assert own != before
        check(make_request(grant="grant", cookie=own, header=before), SESSION)
        with pytest.raises(CsrfFailed):
            check(make_request(grant="grant", cookie=own, header=before), "grant")


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
    def test_accepts_own_pages_and_clients_without_origin(self, headers: dict[str, str]) -> None:
        check_origin(make_request(**headers), SETTINGS)

    def test_accepts_listed_origins(self) -> None:
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
    def test_refuses_other_origins(self, origin: str) -> None:
        with pytest.raises(OriginMismatch) as refusal:
            check_origin(make_request(Origin=origin), SETTINGS)

        assert refusal.value.code == "origin_mismatch"
