"""openapi-core as an independent validator of every exchange of the test clients."""

import re
from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import OperationNotFound, PathNotFound
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.testing import MockRequest, MockResponse

# Headers of the message itself, and the security headers of all responses.
COMMON_COOKIES = ("lastchange=", "__Host-lastchange=")
COMMON_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "content-security-policy",
        "content-type",
        "cross-origin-opener-policy",
        "date",
        "referrer-policy",
        "x-content-type-options",
        "x-frame-options",
    }
)
UNROUTED = frozenset({400, 404, 405, 408, 413, 414, 431})
# The id of an object in a path, or of a request: a UUID or a number.
_ID = re.compile(r"\b(?:[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|[0-9]+)\b")
# White space around query values, which openapi-core does not strip.
_TRIMS_QUERIES = "x-trims-queries"
_READING = Config(extra_media_type_deserializers={"application/yaml": yaml.safe_load})


class ExchangeValidator:
    """Validates exchanges against an OpenAPI document.

    ``only_documented`` ignores paths that the document lacks, and statuses and media types that
    were added to its operations; also ``other_paths``, which match a template of another
    operation: `/orders/anonymous/` is not `/orders/{pk}/`. ``only_responses`` ignores requests.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        only_documented: bool = False,
        other_paths: Collection[str] = (),
        only_responses: bool = False,
    ) -> None:
        self._openapi = OpenAPI.from_dict(document, config=_READING)
        self._paths = document["paths"]
        self._trims_queries = document.get(_TRIMS_QUERIES, False)
        self._other_paths = other_paths
        self._only_documented = only_documented
        self._only_responses = only_responses
        self._valid: set[Hashable] = set()

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        """Raise AssertionError for an undocumented response, or for a success after an invalid
        request. Requests without an operation must be refused."""
        if self._only_documented and _media_type(response) != "application/json":
            return
        if request.url.path in self._other_paths:
            return
        mock_request = _mock_request(request, trims_queries=self._trims_queries)
        try:
            self._check_response(mock_request, response)
            if response.is_success and self._validates(request):
                self._openapi.validate_request(mock_request)
        except (PathNotFound, OperationNotFound):
            known = self._only_documented or response.status_code in UNROUTED
            assert known, f"{request.url} has no operation"
        except OpenAPIError as error:
            if isinstance(error, ResponseNotFound) and self._is_other_operation(request, response):
                return
            reason = error.__cause__ or error
            raise AssertionError(f"{request.method} {request.url}: {error!r}: {reason}") from error

    def _check_response(self, mock_request: MockRequest, response: httpx.Response) -> None:
        """Raise OpenAPIError. Equal valid responses are validated once, to save time."""
        same = (
            _ID.sub("0", mock_request.path),
            mock_request.method,
            response.status_code,
            response.content,
        )
        validated = *same, *_comparable_headers(response)
        if validated not in self._valid:
            self._openapi.validate_response(mock_request, _mock_response(response))
            self._valid.add(validated)

    def _validates(self, request: httpx.Request) -> bool:
        """Whether the document describes the request; older ones lack session keys."""
        is_by_key = "authorization" in request.headers
        return not self._only_responses and not (self._only_documented and is_by_key)

    def _is_other_operation(self, request: httpx.Request, response: httpx.Response) -> bool:
        """Whether openapi-core found another operation than the one that responded.

        It skips a static path without the method for a template with the method.
        """
        return self._only_documented or (
            response.status_code == 405 and request.url.path in self._paths
        )


def _names(response: httpx.Response) -> set[str]:
    """The headers, without the cookies that any response may set by the document."""
    cookies = response.headers.get_list("set-cookie")
    are_common = all(cookie.startswith(COMMON_COOKIES) for cookie in cookies)
    return set(response.headers) - ({"set-cookie"} if are_common else set())


class HeaderValidator:
    """Validates response headers against a bundled OpenAPI document: all must be declared."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        """Raise AssertionError with the undeclared headers."""
        declared = self._declared(request, response)
        if declared is not None:
            undeclared = _names(response) - declared - COMMON_HEADERS
            assert not undeclared, f"{request.method} {request.url}: undeclared {undeclared}"

    def _declared(self, request: httpx.Request, response: httpx.Response) -> set[str] | None:
        template = template_of(self._document, request.url.path)
        status = response.status_code
        declared = declared_response(self._document, request.method, template, status)
        return None if declared is None else {name.lower() for name in declared.get("headers", {})}


def template_of(document: Mapping[str, Any], path: str) -> str:
    """The document's path or template that matches a request's path; else the path itself."""
    if path in document["paths"]:
        return path
    fitting = (
        template
        for template in document["paths"]
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
    )
    return next(fitting, path)


def declared_response(
    document: Mapping[str, Any], method: str, template: str, status: int
) -> Mapping[str, Any] | None:
    """The resolved Response Object of a status; None without an operation.

    Raises KeyError for a status that the operation does not have.
    """
    operation = document["paths"].get(template, {}).get(method.lower())
    if operation is None:
        return None
    declared: Mapping[str, Any] = operation["responses"][str(status)]
    if "$ref" in declared:
        declared = document["components"]["responses"][declared["$ref"].split("/")[-1]]
    return declared


def _mock_request(request: httpx.Request, *, trims_queries: bool) -> MockRequest:
    url = request.url
    query = dict(parse_qsl(url.query.decode(), keep_blank_values=True))
    if trims_queries:
        query = {name: value.strip(" \t\r\n") or value for name, value in query.items()}
    return MockRequest(
        host_url=f"{url.scheme}://{url.netloc.decode()}",
        method=request.method,
        path=unquote(url.path),
        args=query,
        headers=dict(request.headers),
        cookies=_cookies(request.headers.get("cookie", "")),
        data=request.content,
        content_type=_media_type(request),
    )


def _mock_response(response: httpx.Response) -> MockResponse:
    return MockResponse(
        data=response.content,
        status_code=response.status_code,
        headers=dict(response.headers),
        content_type=_media_type(response),
    )


def _comparable_headers(response: httpx.Response) -> Iterator[tuple[str, str]]:
    """All headers, with unique request ids replaced by a constant."""
    for name, value in response.headers.multi_items():
        yield name, _ID.sub("0", value) if name == "x-request-id" else value


def _media_type(message: httpx.Request | httpx.Response) -> str:
    content_type: str = message.headers.get("content-type", "")
    return content_type.partition(";")[0]


def _cookies(header: str) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in header.split(";") if pair.strip())
    return {name: value for name, _, value in pairs}
