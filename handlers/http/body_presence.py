"""From the head of a request: whether it has a body, and the headers that WSGI drops."""

from collections.abc import Container, Mapping
from typing import Any

from starlette.types import Scope
from werkzeug.datastructures import Headers


def has_body(scope: Scope, headers: Container[bytes]) -> bool:
    """Whether a request may have a body; ``headers`` has the names in lower case.

    HTTP/1.1 announces it by one of two headers (RFC 9112, section 6.3), HTTP/2 by none.
    """
    return (
        b"content-length" in headers
        or b"transfer-encoding" in headers
        or not scope["http_version"].startswith("1")
    )


def raw_headers(environ: Mapping[str, Any]) -> Headers:
    """All headers as sent, also those with `_` in their names, which WSGI takes for `-`."""
    pairs = environ["asgi.scope"]["headers"]
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs])
