"""openapi-core as an independent judge: it checks every exchange of the tests' client."""

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

# Of the message itself rather than of the resource, and the security headers of all answers.
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
# What stands for one object in a path, and for one request: a UUID or a number.
_ID = re.compile(r"\b(?:[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|[0-9]+)\b")
# White space around values of a query, which openapi-core takes for a part of them.
_TRIMS_QUERIES = "x-trims-queries"
_READING = Config(extra_media_type_deserializers={"application/yaml": yaml.safe_load})


class Judge:
    """Judges exchanges by one OpenAPI document.

    ``only_its_own`` leaves alone what the document does not speak of: other paths, and statuses
    and media types that were added to its operations. ``other_paths`` are among them although
    they look like the document's: `/orders/anonymous/` is no `/orders/{pk}/`. ``only_answers``
    leaves requests alone.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        only_its_own: bool = False,
        other_paths: Collection[str] = (),
        only_answers: bool = False,
    ) -> None:
        self._openapi = OpenAPI.from_dict(document, config=_READING)
        self._paths = document["paths"]
        self._trims_queries = document.get(_TRIMS_QUERIES, False)
        self._other_paths = other_paths
        self._only_its_own = only_its_own
        self._only_answers = only_answers
        self._fitting: set[Hashable] = set()

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        """Raises AssertionError for a response that is not in the document, or for a success
        after an invalid request; where no operation is, only a refusal may come."""
        if self._only_its_own and _media_type(response) != "application/json":
            return
        if request.url.path in self._other_paths:
            return
        asked = _mock_request(request, trims_queries=self._trims_queries)
        try:
            self._check_response(asked, response)
            if response.is_success and self._judges(request):
                self._openapi.validate_request(asked)
        except (PathNotFound, OperationNotFound):
            known = self._only_its_own or response.status_code in UNROUTED
            assert known, f"{request.url} has no operation"
        except OpenAPIError as error:
            if isinstance(error, ResponseNotFound) and self._is_not_meant(request, response):
                return
            reason = error.__cause__ or error
            raise AssertionError(f"{request.method} {request.url}: {error!r}: {reason}") from error

    def _check_response(self, asked: MockRequest, response: httpx.Response) -> None:
        """Raises OpenAPIError. What was found to fit is judged once: that takes milliseconds."""
        same = _ID.sub("0", asked.path), asked.method, response.status_code, response.content
        judged = *same, *_judged_headers(response)
        if judged not in self._fitting:
            self._openapi.validate_response(asked, _mock_response(response))
            self._fitting.add(judged)

    def _judges(self, request: httpx.Request) -> bool:
        """Whether the request is one that the document could describe: keys were added to it."""
        is_by_key = "authorization" in request.headers
        return not self._only_answers and not (self._only_its_own and is_by_key)

    def _is_not_meant(self, request: httpx.Request, response: httpx.Response) -> bool:
        """Whether the operation that was found is not the one that answered.

        openapi-core passes over a static path without the method and finds a template that has it.
        """
        return self._only_its_own or (
            response.status_code == 405 and request.url.path in self._paths
        )


class HeaderJudge:
    """Judges response headers by one bundled OpenAPI document: none may be undeclared."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        """Raises AssertionError, naming the headers."""
        declared = self._declared(request, response)
        if declared is not None:
            undeclared = set(response.headers) - declared - COMMON_HEADERS
            assert not undeclared, f"{request.method} {request.url}: undeclared {undeclared}"

    def _declared(self, request: httpx.Request, response: httpx.Response) -> set[str] | None:
        template = template_of(self._document, request.url.path)
        status = response.status_code
        found = declared_response(self._document, request.method, template, status)
        return None if found is None else {name.lower() for name in found.get("headers", {})}


def template_of(document: Mapping[str, Any], path: str) -> str:
    """The path of the document that a request's path is: itself, or a template that fits.

    What is no path of the document is returned as it came.
    """
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
    """The Response Object of a status, its reference resolved; None where no operation is.

    Raises KeyError for a status that the operation does not have.
    """
    operation = document["paths"].get(template, {}).get(method.lower())
    if operation is None:
        return None
    found: Mapping[str, Any] = operation["responses"][str(status)]
    if "$ref" in found:
        found = document["components"]["responses"][found["$ref"].split("/")[-1]]
    return found


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


def _judged_headers(response: httpx.Response) -> Iterator[tuple[str, str]]:
    """All of them; ids of requests, which never come twice, are alike if they look alike."""
    for name, value in response.headers.multi_items():
        yield name, _ID.sub("0", value) if name == "x-request-id" else value


def _media_type(message: httpx.Request | httpx.Response) -> str:
    content_type: str = message.headers.get("content-type", "")
    return content_type.partition(";")[0]


def _cookies(header: str) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in header.split(";") if pair.strip())
    return {name: value for name, _, value in pairs}
