"""What the head of a request says: whether a body comes, and headers that WSGI leaves out."""

from collections.abc import Container, Mapping
from typing import Any

from starlette.types import Scope
from werkzeug.datastructures import Headers


def is_announced(scope: Scope, headers: Container[bytes]) -> bool:
    """Whether a body comes; ``headers`` has their names in lower case.

    HTTP/1.1 announces it by one of two headers (RFC 9112, section 6.3), HTTP/2 by none.
    """
    return (
        b"content-length" in headers
        or b"transfer-encoding" in headers
        or not scope["http_version"].startswith("1")
    )


def raw_headers(environ: Mapping[str, Any]) -> Headers:
    """The headers as they came, also those with `_` in their names, which WSGI can't tell apart."""
    given = environ["asgi.scope"]["headers"]
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in given])
