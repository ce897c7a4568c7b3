"""Responses of an operation: what a handler returned becomes bytes that the contract allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response
from jsonschema_rs import Draft202012Validator

from handlers.contract.judges import describe
from handlers.contract.media_types import HTML, JSON
from handlers.contract.violations import Violations

_ESCAPES = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"))


@dataclass(frozen=True)
class Document:
    """One kept document: JSON bytes that were judged against ``component`` when rendered."""

    component: str
    body: bytes


@dataclass(frozen=True)
class DocumentList:
    """An envelope whose ``results`` are kept documents of ``component``."""

    component: str
    envelope: Mapping[str, Any]
    bodies: list[bytes]


@dataclass(frozen=True)
class Reply:
    """A JSON answer with a status of its own; ``body`` None is an empty response."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """What one status may carry: a validator per JSON media type, None where bytes are free."""

    media_types: Mapping[str, Draft202012Validator | None]
    component: str | None
    item_component: str | None


_NOTHING = Shape({}, None, None)


class Responses:
    """All responses of one operation, by status.

    Whatever the contract does not allow goes to ``violations``, which decides whether the
    response is still given.
    """

    def __init__(
        self, operation_id: str, shapes: Mapping[int, Shape], violations: Violations
    ) -> None:
        self._operation_id = operation_id
        self._shapes = dict(shapes)
        self._violations = violations
        successes = [shape for status, shape in shapes.items() if status < 300]
        offered = dict.fromkeys(kind for shape in successes for kind in shape.media_types)
        self.offered: tuple[str, ...] = tuple(sorted(offered, key=lambda kind: kind != JSON))

    def allows(self, status: int, media_type: str) -> bool:
        """Whether the contract has this status with this media type."""
        return media_type in self._shapes.get(status, _NOTHING).media_types

    def document(self, document: Document, media_type: str) -> Response:
        """The kept bytes, wrapped and escaped for HTML."""
        shape = self._shape(200, media_type)
        if shape.component != document.component:
            self._violated(f"/ is a {document.component}, not a {shape.component}")
        if media_type == HTML:
            return Response(_page(document.body), content_type="text/html; charset=utf-8")
        return Response(document.body, content_type=JSON)

    def document_list(self, listed: DocumentList) -> Response:
        """The envelope around its kept documents; only the envelope itself is judged here."""
        shape = self._shape(200, JSON)
        if shape.item_component != listed.component:
            self._violated(f"/results holds {listed.component}, not {shape.item_component}")
        envelope = {**listed.envelope, "results": []}
        self._judge(shape, envelope)
        head = orjson.dumps(envelope).removesuffix(b"]}")
        return Response(b"%b%b]}" % (head, b",".join(listed.bodies)), content_type=JSON)

    def reply(self, reply: Reply) -> Response:
        """A JSON body, judged; or an empty response where the body is None."""
        headers = dict(reply.headers)
        if reply.body is None:
            self._shape(reply.status, None)
            return _without_type(Response(status=reply.status, headers=headers))
        self._judge(self._shape(reply.status, JSON), reply.body)
        return Response(orjson.dumps(reply.body), reply.status, headers, content_type=JSON)

    def check(self, response: Response) -> Response:
        """A response that a handler made itself: a page, a file, a redirect, cookies."""
        empty = not response.direct_passthrough and not response.get_data()
        shape = self._shape(response.status_code, None if empty else response.mimetype)
        if response.mimetype == JSON and not empty:
            self._judge(shape, orjson.loads(response.get_data()))
        return _without_type(response) if empty else response

    def _shape(self, status: int, media_type: str | None) -> Shape:
        """The shape for an answer; ``media_type`` None means that it has no body."""
        shape = self._shapes.get(status)
        if shape is None:
            self._violated(f"status {status} is not in the contract")
            return _NOTHING
        allowed = media_type in shape.media_types if media_type else not shape.media_types
        if not allowed:
            self._violated(f"status {status} has no {media_type or 'empty body'}")
        return shape

    def _judge(self, shape: Shape, body: Any) -> None:
        validator = shape.media_types.get(JSON)
        if validator is not None and not validator.is_valid(body):
            self._violated(describe(next(validator.iter_errors(body))))

    def _violated(self, reason: str) -> None:
        self._violations.report(self._operation_id, reason)


def _without_type(response: Response) -> Response:
    """Take back the media type that Flask gives to what has no content."""
    del response.headers["Content-Type"]
    return response


def _page(body: bytes) -> bytes:
    """The document as a browser gets it; escaped so that no stored text can run as markup."""
    for character, escape in _ESCAPES:
        body = body.replace(character, escape)
    return b'{"data": %b}' % body
