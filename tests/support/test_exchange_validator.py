"""Equal valid responses are validated once, invalid ones every time."""

from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI

from tests.support.exchange_validator import ExchangeValidator

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
def validated(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bodies that openapi-core has validated."""
    bodies: list[bytes] = []
    validate = OpenAPI.validate_response

    def record(openapi: OpenAPI, request: Any, response: Any) -> None:
        bodies.append(response.data)
        validate(openapi, request, response)

    monkeypatch.setattr(OpenAPI, "validate_response", record)
    return bodies


@pytest.fixture
def validator() -> ExchangeValidator:
    return ExchangeValidator(DOCUMENT)


def check(
    validator: ExchangeValidator,
    size: object,
    *,
    pk: object = 1,
    status: int = 200,
    request_id: str = ID,
) -> None:
    request = httpx.Request("GET", f"http://testserver/things/{pk}/")
    headers = {"x-request-id": request_id}
    validator.check(request, httpx.Response(status, json={"size": size}, headers=headers))


def test_valid_responses_are_validated_once(
    validator: ExchangeValidator, validated: list[bytes]
) -> None:
    check(validator, 1)
    check(validator, 1)
    check(validator, 1, pk=2)
    check(validator, 1, pk=ID, request_id=OTHER_ID)

    assert validated == [b'{"size":1}']


def test_invalid_responses_are_validated_every_time(
    validator: ExchangeValidator, validated: list[bytes]
) -> None:
    for _ in range(2):
        with pytest.raises(AssertionError):
            check(validator, "large")

    assert validated == [b'{"size":"large"}'] * 2


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
def test_valid_responses_do_not_hide_other_invalid_ones(
    validator: ExchangeValidator, other: dict[str, Any]
) -> None:
    check(validator, 1)

    with pytest.raises(AssertionError):
        check(validator, **other)
