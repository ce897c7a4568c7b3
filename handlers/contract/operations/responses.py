"""Responses of an operation: turn the result of a handler into bytes that the contract allows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response
from jsonschema_rs import Draft202012Validator

from domain.shared.errors import InvalidInput
from handlers.contract.document.validators import describe
from handlers.contract.operations.bytes_response import BytesResponse
from handlers.contract.operations.parameters import Parameter
from handlers.contract.operations.violations import Violations
from handlers.http.media_types import HTML, JSON, entry_for, is_json

_ESCAPES = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"))


@dataclass(frozen=True)
class Document:
    """One stored document: JSON bytes that were validated as ``component`` when rendered."""

    component: str
    body: bytes


@dataclass(frozen=True)
class DocumentList:
    """An envelope whose ``results`` are stored documents of ``component``."""

    component: str
    envelope: Mapping[str, Any]
    bodies: list[bytes]


@dataclass(frozen=True)
class Reply:
    """A JSON response with a status; ``body`` None makes it empty.

    ``media_type``: by default the JSON type that the contract has for the status.
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = ""


@dataclass(frozen=True)
class Shape:
    """The response of one status: a validator per media type, None where any bytes are valid.

    ``headers`` are those that the handler sets.
    """

    media_types: Mapping[str, Draft202012Validator | None]
    component: str | None = None
    item_component: str | None = None
    headers: tuple[Parameter, ...] = ()

    @property
    def json_type(self) -> str:
        """The media type for JSON."""
        return next(filter(is_json, self.media_types), JSON)


_NOTHING = Shape({})
_RANGE = "XX"


class Responses:
    """All responses of one operation, by status, by range of statuses (`4XX`), and by `default`.

    ``violations`` gets everything that the contract does not allow, and decides whether the
    response is still sent. Without a described success, all successes are allowed; without any
    described response, all responses.
    ``adds_refusals``: refusals whose status is not described are sent as they are.
    """

    def __init__(
        self,
        operation_id: str,
        shapes: Mapping[str, Shape],
        violations: Violations,
        *,
        adds_refusals: bool = False,
    ) -> None:
        self._operation_id = operation_id
        self._shapes = {int(status): shape for status, shape in shapes.items() if status.isdigit()}
        self._ranges = {
            int(status[0]): shape for status, shape in shapes.items() if status.endswith(_RANGE)
        }
        self._default = shapes.get("default")
        self._free_below = _free_below(shapes)
        self._violations = violations
        self._adds_refusals = adds_refusals
        self.offered = self._offered()
        self.success = self._success()

    def _offered(self) -> tuple[str, ...]:
        """The media types of successes, JSON first."""
        successes = [shape for status, shape in self._shapes.items() if status < 300]
        successes += [self._ranges[2]] if 2 in self._ranges else []
        if not successes and self._default is not None:
            successes = [self._default]
        offered = dict.fromkeys(kind for shape in successes for kind in shape.media_types)
        return tuple(sorted(offered, key=lambda kind: not is_json(kind)))

    def _success(self) -> int:
        """The default status: 200, unless the contract has another success."""
        successes = sorted(status for status in self._shapes if 200 <= status < 300)
        return 200 if 200 in successes or 2 in self._ranges or not successes else successes[0]

    def describes(self, status: int) -> bool:
        """Whether the contract has this status: by its number, its range, or the default."""
        return self._find(status) is not None

    def allows(self, status: int, media_type: str) -> bool:
        """Whether the contract has this status with this media type."""
        shape = self._find(status) or _NOTHING
        return entry_for(media_type, shape.media_types) is not None

    def document(self, document: Document, media_type: str) -> Response:
        """The stored bytes; wrapped and escaped for HTML."""
        shape = self._shape(200, media_type)
        if shape.component != document.component:
            self._violated(f"/ is a {document.component}, not a {shape.component}")
        if media_type == HTML:
            return BytesResponse(_page(document.body), content_type="text/html; charset=utf-8")
        return BytesResponse(document.body, content_type=JSON)

    def document_list(self, listed: DocumentList) -> Response:
        """The envelope around its stored documents; only the envelope is validated here."""
        shape = self._shape(200, JSON)
        if shape.item_component != listed.component:
            self._violated(f"/results holds {listed.component}, not {shape.item_component}")
        envelope = {**listed.envelope, "results": []}
        self._validate(shape, JSON, envelope)
        head = orjson.dumps(envelope).removesuffix(b"]}")
        body = b"%b%b]}" % (head, b",".join(listed.bodies))
        return BytesResponse(body, content_type=JSON)

    def reply(self, reply: Reply) -> Response:
        """A validated JSON body, or an empty response for None."""
        if reply.body is None:
            shape = self._shape(reply.status, None)
        else:
            media_type = reply.media_type or self._json_type(reply.status)
            shape = self._shape(reply.status, media_type)
            self._validate(shape, media_type, reply.body)
        return self._headed(shape, self._built(reply))

    def check(self, response: Response) -> Response:
        """A response that a handler made itself: a page, a file, a redirect, cookies; validated."""
        empty = not response.direct_passthrough and not response.get_data()
        media_type = None if empty else (response.mimetype or "")
        shape = self._shape(response.status_code, media_type)
        if media_type is not None and self._validator(shape, media_type) is not None:
            self._validate_content(shape, media_type, response.get_data())
        return self._headed(shape, _without_type(response) if empty else response)

    def refusal(self, refusal: Response | Reply) -> Response:
        """The response to a refused request, validated."""
        if isinstance(refusal, Reply):
            is_added = self._adds_refusals and not self.describes(refusal.status)
            return self._built(refusal) if is_added else self.reply(refusal)
        is_added = self._adds_refusals and not self.describes(refusal.status_code)
        return refusal if is_added else self.check(refusal)

    def _built(self, reply: Reply) -> Response:
        headers = dict(reply.headers)
        if reply.body is None:
            return _without_type(Response(status=reply.status, headers=headers))
        media_type = reply.media_type or self._json_type(reply.status)
        body = orjson.dumps(reply.body)
        return BytesResponse(body, reply.status, headers, content_type=media_type)

    def _json_type(self, status: int) -> str:
        shape = self._find(status)
        return shape.json_type if shape is not None else JSON

    def _find(self, status: int) -> Shape | None:
        """The shape for a status: by its number, its range, or the default (OpenAPI 3.1)."""
        return self._shapes.get(status) or self._ranges.get(status // 100) or self._default

    def _shape(self, status: int, media_type: str | None) -> Shape:
        """The shape for a response; ``media_type`` None means that it has no body."""
        shape = self._find(status)
        if shape is None:
            if status >= self._free_below:
                self._violated(f"status {status} is not in the contract")
            return _NOTHING
        if media_type is None:
            allowed = not shape.media_types
        else:
            allowed = media_type in shape.media_types or bool(
                entry_for(media_type, shape.media_types)
            )
        if not allowed:
            self._violated(f"status {status} has no {media_type or 'empty body'}")
        return shape

    @staticmethod
    def _validator(shape: Shape, media_type: str) -> Draft202012Validator | None:
        entry = entry_for(media_type, shape.media_types)
        return shape.media_types[entry] if entry else None

    def _validate(self, shape: Shape, media_type: str, body: Any) -> None:
        validator = self._validator(shape, media_type)
        if validator is not None and not validator.is_valid(body):
            self._violated(describe(next(validator.iter_errors(body))))

    def _validate_content(self, shape: Shape, media_type: str, data: bytes) -> None:
        try:
            content = orjson.loads(data) if is_json(media_type) else data.decode()
        except ValueError:
            self._violated(f"/ is not {media_type}")
        else:
            self._validate(shape, media_type, content)

    def _headed(self, shape: Shape, response: Response) -> Response:
        """The response, after its headers are validated."""
        for header in shape.headers:
            text = response.headers.get(header.name)
            if text is None:
                if header.required:
                    self._violated(f"the header {header.name} is missing")
                continue
            try:
                header.read(text)
            except InvalidInput:
                self._violated(f"the header {header.name} does not fit")
        return response

    def _violated(self, reason: str) -> None:
        self._violations.report(self._operation_id, reason)


def _free_below(described: Collection[str]) -> int:
    """The status below which undescribed statuses are allowed."""
    if not described:
        return 600
    has_success = any(status[0] in "23" or status == "default" for status in described)
    return 0 if has_success else 400


def _without_type(response: Response) -> Response:
    """Remove the Content-Type that Flask sets on empty responses."""
    del response.headers["Content-Type"]
    return response


def _page(body: bytes) -> bytes:
    """The document for browsers, escaped so that no stored text is markup."""
    for character, escape in _ESCAPES:
        body = body.replace(character, escape)
    return b'{"data": %b}' % body
