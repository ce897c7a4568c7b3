from datetime import timedelta
from typing import Any

import pytest
from flask import Request, Response
from werkzeug.test import EnvironBuilder

from handlers.auth.cookies import session_cookie, set_cookie
from handlers.settings import Settings


def make_settings(**overrides: Any) -> Settings:
    return Settings(secret="s" * 32, **overrides)


def given(name: str, settings: Settings, url: str = "http://shop.example/") -> list[str]:
    """The name and the attributes of the cookie that a response sets."""
    response = Response()
    request = Request(EnvironBuilder("/", url).get_environ())
    set_cookie(response, name, "value", timedelta(1), request, settings)
    return response.headers["Set-Cookie"].replace("=value", "").split("; ")


class TestNames:
    @pytest.mark.parametrize(
        ("overrides", "name"),
        [
            ({}, "sessionid"),
            ({"public_url": "http://shop.example"}, "sessionid"),
            ({"secure_cookies": True}, "__Host-sessionid"),
            ({"public_url": "https://shop.example/api"}, "__Host-sessionid"),
            ({"public_url": "HTTPS://shop.example"}, "__Host-sessionid"),
            ({"session_cookie": "osessionid", "secure_cookies": True}, "__Host-osessionid"),
            ({"session_cookie": "__Host-osessionid"}, "__Host-osessionid"),
            (
                {"session_cookie": "__Secure-osessionid", "secure_cookies": True},
                "__Secure-osessionid",
            ),
        ],
    )
    def test_have_the_prefix_if_cookies_are_secure(
        self, overrides: dict[str, Any], name: str
    ) -> None:
        assert session_cookie(make_settings(**overrides)) == name


class TestSetCookie:
    @pytest.mark.parametrize(
        ("overrides", "name", "url", "is_secure"),
        [
            ({}, "ordergrant", "http://shop.example/", False),
            ({}, "ordergrant", "https://shop.example/", True),
            ({"secure_cookies": True}, "ordergrant", "http://shop.example/", True),
            ({"public_url": "https://shop.example"}, "ordergrant", "http://127.0.0.1/", True),
            ({}, "__Host-osessionid", "http://shop.example/", True),
        ],
    )
    def test_is_secure_for_https(
        self, overrides: dict[str, Any], name: str, url: str, is_secure: bool
    ) -> None:
        assert ("Secure" in given(name, make_settings(**overrides), url)) is is_secure

    @pytest.mark.parametrize(
        ("name", "is_hidden"), [("csrftoken", False), ("ordergrant", True), ("knowndevice", True)]
    )
    @pytest.mark.parametrize("secure_cookies", [False, True])
    def test_hides_all_but_the_csrf_token_from_scripts(
        self, name: str, is_hidden: bool, secure_cookies: bool
    ) -> None:
        attributes = given(name, make_settings(secure_cookies=secure_cookies))

        assert ("HttpOnly" in attributes) is is_hidden
        assert {"Path=/", "SameSite=Lax"} <= set(attributes)
