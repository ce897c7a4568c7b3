"""The judge: what fits is judged once, and what does not fit, each time."""

from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI

from tests.support.judge import Judge

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things/{pk}/": {
            "parameters": [
                {"name": "pk", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "get": {
                "responses": {
                    "200": {
                        "description": "One.",
                        "headers": {
                            "X-Request-Id": {
                                "required": True,
                                "schema": {"type": "string", "pattern": "^[!-~]{1,40}$"},
                            }
                        },
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"size": {"type": "integer"}},
                                }
                            }
                        },
                    }
                }
            },
        }
    },
}
ID = "33a11761-43bc-41d4-8f7f-1e860028367b"
OTHER_ID = "0e2e4a9c-3a62-4c14-9c0f-0e5c33d4bb0e"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bodies that openapi-core has judged."""
    bodies: list[bytes] = []
    validate = OpenAPI.validate_response

    def record(openapi: OpenAPI, request: Any, response: Any) -> None:
        bodies.append(response.data)
        validate(openapi, request, response)

    monkeypatch.setattr(OpenAPI, "validate_response", record)
    return bodies


@pytest.fixture
def judge() -> Judge:
    return Judge(DOCUMENT)


def check(
    judge: Judge, size: object, *, pk: object = 1, status: int = 200, request_id: str = ID
) -> None:
    request = httpx.Request("GET", f"http://testserver/things/{pk}/")
    headers = {"x-request-id": request_id}
    judge.check(request, httpx.Response(status, json={"size": size}, headers=headers))


def test_what_fits_is_judged_once(judge: Judge, judged: list[bytes]) -> None:
    check(judge, 1)
    check(judge, 1)
    check(judge, 1, pk=2)
    check(judge, 1, pk=ID, request_id=OTHER_ID)

    assert judged == [b'{"size":1}']


def test_what_does_not_fit_is_judged_each_time(judge: Judge, judged: list[bytes]) -> None:
    for _ in range(2):
        with pytest.raises(AssertionError):
            check(judge, "large")

    assert judged == [b'{"size":"large"}'] * 2


@pytest.mark.parametrize(
    "other",
    [
        {"size": "large"},
        {"size": 1, "status": 500},
        {"size": 1, "request_id": "two words"},
        {"size": 1, "request_id": ID * 2},
        {"size": 1, "pk": "1/parts"},
    ],
)
def test_what_fits_says_nothing_of_anything_else(judge: Judge, other: dict[str, Any]) -> None:
    check(judge, 1)

    with pytest.raises(AssertionError):
        check(judge, **other)
