"""The origins that may log in; their scheme counts if the site's own scheme is known."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Request
from starlette.testclient import TestClient
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from handlers.app import create_app, database_of
from handlers.auth.session_cookies import OriginMismatch, check_origin
from handlers.settings import Settings
from tests.support.application import usual_settings


def request(scheme: str, origin: str) -> Request:
    builder = EnvironBuilder(
        "/", f"{scheme}://shop.example", method="POST", headers=Headers({"Origin": origin})
    )
    return Request(builder.get_environ())


def check(scheme: str, origin: str, **settings: Any) -> None:
    check_origin(request(scheme, origin), Settings(secret="s" * 32, **settings))


@pytest.mark.parametrize(
    ("scheme", "origin", "settings"),
    [
        ("http", "http://shop.example", {}),
        ("https", "https://shop.example", {}),
        ("https", "https://shop.example:443", {}),
        # TLS ends at an untrusted proxy.
        ("http", "https://shop.example", {}),
        ("http", "https://shop.example", {"secure_cookies": True}),
        ("http", "https://shop.example", {"public_url": "https://shop.example/"}),
        # The public host differs from the request's.
        ("http", "http://shop.example", {"public_url": "https://www.shop.example"}),
        ("http", "http://shop.example", {"public_url": "http://shop.example"}),
        ("https", "http://admin.example", {"cors_origins": "http://admin.example"}),
    ],
)
def test_pages_of_the_site_may_log_in(scheme: str, origin: str, settings: dict[str, Any]) -> None:
    check(scheme, origin, **settings)


@pytest.mark.parametrize(
    ("scheme", "origin", "settings"),
    [
        ("https", "http://shop.example", {}),
        ("https", "https://shop.example:8443", {}),
        ("http", "http://shop.example", {"secure_cookies": True}),
        ("http", "http://shop.example", {"public_url": "https://shop.example/api"}),
        ("http", "ftp://shop.example", {}),
        ("http", "null", {}),
        ("http", "https://[shop.example", {}),
    ],
)
def test_other_pages_may_not_log_in(scheme: str, origin: str, settings: dict[str, Any]) -> None:
    with pytest.raises(OriginMismatch):
        check(scheme, origin, **settings)


class TestBehindATrustedProxy:
    @pytest.fixture
    def client(self, database_url: str) -> Iterator[TestClient]:
        app = create_app(replace(usual_settings(database_url), trusted_proxies=1))
        yield TestClient(app)
        database_of(app).close()

    @pytest.mark.parametrize(
        ("scheme", "origin", "status"),
        [
            ("https", "https://shop.example", 400),
            ("https", "http://shop.example", 403),
            ("http", "http://shop.example", 400),
            ("javascript", "http://shop.example", 400),
        ],
    )
    def test_the_scheme_is_that_of_the_proxy(
        self, client: TestClient, scheme: str, origin: str, status: int
    ) -> None:
        credentials = {"email": "unknown@shop.example", "password": "wrong"}
        headers = {
            "Origin": origin,
            "X-Forwarded-Proto": scheme,
            "X-Forwarded-Host": "shop.example",
        }

        answer = client.post("/users/login/", json=credentials, headers=headers)

        assert answer.status_code == status
