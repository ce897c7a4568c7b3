"""openapi-core as a second validator of every exchange with a foreign application."""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from openapi_core import OpenAPI
from openapi_core.deserializing.exceptions import DeserializeError
from openapi_core.deserializing.styles.exceptions import EmptyQueryParameterValue
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from werkzeug.datastructures import ImmutableMultiDict

from handlers.contract.document.methods import METHODS

# It refuses empty values of a query, which OpenAPI leaves to their schema, and can't read exploded
# objects with any properties in a query.
_NOT_MEANT = (EmptyQueryParameterValue, DeserializeError)


class ValidatedApplication:
    """An application whose exchanges are validated, and that serves its own document.

    ``faults`` are invalid responses, and successes of invalid requests. ``validates_requests`` is
    off where openapi-core can't read the document's descriptions of requests.
    """

    def __init__(
        self, app: ASGIApp, document: Mapping[str, Any], *, validates_requests: bool = True
    ) -> None:
        self._app = app
        self._body = orjson.dumps(document)
        path = urlsplit(next(iter(document.get("servers", ())), {"url": "/"})["url"]).path
        here = [{"url": f"http://testserver{path}"}]
        self._openapi = OpenAPI.from_dict(
            {**document, "servers": here, "paths": _answered(document)}
        )
        self._validates_requests = validates_requests
        self.faults: list[str] = []
        self.validated = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == "/openapi.json":
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": self._body})
        else:
            await self._validate(scope, receive, send)

    async def _validate(self, scope: Scope, receive: Receive, send: Send) -> None:
        received, sent = bytearray(), list[Message]()

        async def receive_on() -> Message:
            message = await receive()
            received.extend(message.get("body", b""))
            return message

        async def send_on(message: Message) -> None:
            sent.append(message)
            await send(message)

        await self._app(scope, receive_on, send_on)
        request = _request(scope, bytes(received))
        response = _response(sent)
        # The engine's own refusals have statuses that the document does not describe.
        is_success = response.status_code < 400 and scope["method"] != "OPTIONS"
        if is_success and _has_readable_path(scope):
            self.validated += 1
            self._check(request, response)

    def _check(self, request: MockRequest, response: MockResponse) -> None:
        try:
            self._openapi.validate_response(request, response)
            if self._validates_requests:
                self._openapi.validate_request(request)
        except OpenAPIError as error:
            reason = error.__cause__ or error
            if isinstance(reason, _NOT_MEANT) or _is_of_bytes(reason):
                return
            fault = f"{request.method} {request.path}: {error!r}: {reason!r}"
            self.faults.append(fault[:400])


def _has_readable_path(scope: Scope) -> bool:
    """Whether openapi-core finds the operation: it splits paths after decoding them.

    A slash in a value would end its segment, and URLs lose line ends and tabs.
    """
    return scope["raw_path"].count(b"/") == scope["path"].count("/") and not (
        {*"\r\n\t"} & {*scope["path"]}
    )


def _is_of_bytes(reason: object) -> bool:
    """Whether the reason is that bytes, which it does not decode, are no string."""
    return isinstance(reason, InvalidSchemaValue) and isinstance(reason.value, bytes)


def _answered(document: Mapping[str, Any]) -> dict[str, Any]:
    """The paths, with a default response for operations that describe no success."""
    return {
        path: {key: _with_success(spec) if key in METHODS else spec for key, spec in item.items()}
        for path, item in document["paths"].items()
    }


def _with_success(spec: Mapping[str, Any]) -> dict[str, Any]:
    described = spec.get("responses", {})
    if any(status[0] == "2" or status == "default" for status in described):
        return dict(spec)
    return {**spec, "responses": {**described, "default": {"description": "Free."}}}


def _request(scope: Scope, body: bytes) -> MockRequest:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    given = dict(headers)
    query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
    cookies = SimpleCookie(given.get("cookie", ""))
    return MockRequest(
        host_url="http://testserver",
        method=scope["method"],
        path=scope["path"],
        args=ImmutableMultiDict(query),
        headers=given,
        cookies={name: cookie.value for name, cookie in cookies.items()},
        data=body,
        content_type=given.get("content-type", ""),
    )


def _response(sent: list[Message]) -> MockResponse:
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return MockResponse(
        data=b"".join(message.get("body", b"") for message in sent),
        status_code=sent[0]["status"],
        headers=headers,
        content_type=headers.get("content-type", ""),
    )
