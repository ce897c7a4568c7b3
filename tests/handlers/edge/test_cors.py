import pytest

from handlers.settings import Settings
from tests.support.guard_requests import SETTINGS, GuardResponse, Inside, send_to_guard, unreachable

SHOP = "https://shop.example"
ALLOWING = Settings(secret="s" * 32, cors_origins=f"{SHOP}, http://localhost:3000")
COMMON = {"vary": "Origin"}


def from_page(
    origin: str, settings: Settings = ALLOWING, method: str = "GET", **headers: str
) -> GuardResponse:
    given = {"origin": origin} | {
        name.replace("_", "-"): header for name, header in headers.items()
    }
    named = [(name.encode(), value.encode()) for name, value in given.items()]
    app = unreachable if method == "OPTIONS" and origin == SHOP else Inside()
    return send_to_guard(app, settings=settings, method=method, headers=named)


def cors_headers(response: GuardResponse) -> dict[str, str]:
    """The CORS headers of the response, and Vary."""
    return {
        name: value
        for name, value in response.headers.items()
        if name == "vary" or name.startswith("access-control-")
    }


class TestAnswers:
    def test_have_no_cors_headers_without_the_setting(self) -> None:
        response = from_page(SHOP, SETTINGS, method="GET")

        assert cors_headers(response) == {"vary": "Accept, Accept-Language, Authorization, Cookie"}

    @pytest.mark.parametrize("origin", [SHOP, "http://localhost:3000"])
    def test_allow_listed_origins(self, origin: str) -> None:
        response = from_page(origin)

        assert cors_headers(response) == COMMON | {
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "access-control-expose-headers": (
                "content-language, idempotent-replay, retry-after, x-request-id"
            ),
        }

    @pytest.mark.parametrize(
        "origin",
        [
            "null",
            "*",
            "https://evil.example",
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://a.shop.example",
            "HTTPS://SHOP.EXAMPLE",
            "",
        ],
    )
    def test_do_not_allow_other_origins(self, origin: str) -> None:
        assert cors_headers(from_page(origin)) == COMMON

    def test_have_cors_headers_when_refused(self) -> None:
        response = from_page(SHOP, transfer_encoding="gzip")

        assert (response.status, cors_headers(response)["access-control-allow-origin"]) == (
            400,
            SHOP,
        )


class TestPreflight:
    def test_is_answered_for_listed_origins(self) -> None:
        response = from_page(SHOP, method="OPTIONS", access_control_request_method="POST")

        assert (response.status, response.body) == (204, b"")
        assert response.headers["access-control-allow-origin"] == SHOP
        assert response.headers["access-control-allow-methods"] == "GET, HEAD, POST"
        assert "idempotency-key" in response.headers["access-control-allow-headers"]
        assert response.headers["access-control-max-age"] == "600"

    def test_of_another_origin_is_an_ordinary_options_request(self) -> None:
        origin = "https://evil.example"

        response = from_page(origin, method="OPTIONS", access_control_request_method="POST")

        assert (response.status, cors_headers(response)) == (200, COMMON)

    def test_is_an_ordinary_options_request_without_the_setting(self) -> None:
        inside = Inside()
        headers = [(b"origin", SHOP.encode()), (b"access-control-request-method", b"POST")]

        send_to_guard(inside, method="OPTIONS", headers=headers)

        assert inside.scope["method"] == "OPTIONS"
