"""The head of a request: its URL, Host and headers, checked before the body is read."""

from collections.abc import Mapping
from itertools import chain

from starlette.types import Scope

from domain.shared.errors import NotFound
from handlers.http.errors import (
    ContentTooLarge,
    HeadersTooLarge,
    InvalidHost,
    MalformedMessage,
    UndecodableUrl,
    UriTooLong,
)
from handlers.http.hosts import is_host

MAX_URL = 8 * 1024
MAX_HEADERS = 64
MAX_HEADER_BYTES = 16 * 1024
MAX_BODY = 256 * 1024

Headers = Mapping[bytes, bytes]
HeaderList = list[tuple[bytes, bytes]]


def check_head(scope: Scope, headers: Headers) -> None:
    """``headers`` are those of ``scope`` by name; of a repeated one, the last.

    Raises UriTooLong, HeadersTooLarge, UndecodableUrl, NotFound, InvalidHost (RFC 9112, section
    3.2), MalformedMessage and ContentTooLarge.
    """
    _check_url(scope)
    pairs = scope["headers"]
    if len(pairs) > MAX_HEADERS or sum(map(len, chain.from_iterable(pairs))) > MAX_HEADER_BYTES:
        raise HeadersTooLarge
    host = headers.get(b"host")
    if not host or not is_host(host):
        raise InvalidHost
    if len(headers) < len(pairs):
        _check_repeated(scope)
    _check_framing(headers)


def is_repeated(name: bytes, scope: Scope) -> bool:
    """Whether the request has more than one header of this name."""
    names: list[bytes] = [header for header, _ in scope["headers"]]
    return names.count(name) > 1


def _check_url(scope: Scope) -> None:
    path: str = scope["path"]
    query: bytes = scope["query_string"]
    raw_path: bytes = scope.get("raw_path") or path.encode("utf-8", "replace")
    if len(raw_path) + len(query) > MAX_URL:
        raise UriTooLong
    if not query.isascii() or not _is_text(path):
        raise UndecodableUrl
    if path.startswith("//"):
        raise NotFound  # Werkzeug would route it like a single slash


def _is_text(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\x00" not in path


def _check_repeated(scope: Scope) -> None:
    if is_repeated(b"host", scope):
        raise InvalidHost
    if is_repeated(b"transfer-encoding", scope) or is_repeated(b"content-length", scope):
        raise MalformedMessage


def _check_framing(headers: Headers) -> None:
    """Transfer codings other than `chunked` are not decoded here."""
    if headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise MalformedMessage
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise MalformedMessage
    # The digits are counted first: int() raises ValueError for very long texts.
    if len(length) > len(str(MAX_BODY)) or int(length) > MAX_BODY:
        raise ContentTooLarge
