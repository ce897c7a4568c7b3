"""The content of a request, read and decoded once; the application gets no bytes of it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope

from domain.shared.errors import InvalidInput, Refusal
from handlers.http.errors import (
    ContentTooLarge,
    MalformedMessage,
    RequestTimeout,
    UnsupportedMediaType,
)
from handlers.http.headers import MAX_BODY, Headers, is_repeated
from handlers.http.media_types import FORM, is_json, media_type_of
from handlers.http.messages import MALFORMED_BODY
from handlers.http.strict_json import decode_json

BODY_SECONDS = 10
MAX_FIELDS = 1000

_IN_SCOPE = "contract.content"
_FRAMING = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class Content:
    """The decoded document of a request, or why there is none.

    ``document``: a JSON value, the fields of a form as pairs, or the bytes of any other media type.
    ``refusal``: raised only when the document is read: authentication comes first, and operations
    without a body do not read it.
    """

    media_type: str = ""
    document: Any = None
    refusal: Refusal | None = None
    is_empty: bool = True
    content_type: str = ""

    def read(self) -> Any:
        """The document. Raises UnsupportedMediaType, or InvalidInput where it is malformed."""
        if self.refusal is not None:
            raise self.refusal
        return self.document

    def field(self, name: str) -> str:
        """The first value of a form field; empty where there is none, or no form."""
        pairs = self.document if self.media_type == FORM and self.document else ()
        return next((value for field, value in pairs if field == name), "")


def content_of(environ: Mapping[str, Any]) -> Content:
    """The content of the request of a WSGI environment."""
    content: Content | None = environ.get("asgi.scope", {}).get(_IN_SCOPE)
    return content or Content(media_type_of(environ.get("CONTENT_TYPE", "")))


async def receive_content(
    scope: Scope, headers: Headers, receive: Receive
) -> tuple[Scope, Receive]:
    """The request to pass on, with its content in the scope and an empty body.

    Raises RequestTimeout, ContentTooLarge, and MalformedMessage for an incomplete body.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await _read(receive)
    except TimeoutError:
        raise RequestTimeout from None
    content = _decoded(raw, scope, headers)
    rest = [header for header in scope["headers"] if header[0] not in _FRAMING]
    return {**scope, "headers": rest, _IN_SCOPE: content}, _emptied(receive)


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedMessage
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise ContentTooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _emptied(receive: Receive) -> Receive:
    first: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def replayed() -> Message:
        return first.pop() if first else await receive()

    return replayed


def _form(raw: bytes) -> list[tuple[str, str]]:
    pairs = parse_qsl(
        raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
    )
    if any("\0" in text for pair in pairs for text in pair):
        raise ValueError("a text has NUL")
    return pairs


def _decoder(media_type: str) -> Callable[[bytes], Any]:
    if is_json(media_type):
        return decode_json
    return _form if media_type == FORM else bytes


def _decoded(raw: bytes, scope: Scope, headers: Headers) -> Content:
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    media_type = media_type_of(content_type)
    if not raw:
        return Content(media_type)
    if not _is_plain(content_type, headers) or is_repeated(b"content-type", scope):
        return Content(media_type, refusal=UnsupportedMediaType(), is_empty=False)
    try:
        document = _decoder(media_type)(raw)
        return Content(media_type, document, is_empty=False, content_type=content_type)
    except ValueError:
        refusal = InvalidInput(MALFORMED_BODY, code="malformed_body")
        return Content(media_type, refusal=refusal, is_empty=False)


def _is_plain(content_type: str, headers: Headers) -> bool:
    """Whether the bytes are not compressed, and in no other charset than UTF-8."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        return False
    for parameter in content_type.lower().split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in {"utf-8", "utf8"}:
            return False
    return True
