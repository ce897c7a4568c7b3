"""How a request says that it has a body."""

from collections.abc import Container

from starlette.types import Scope


def is_announced(scope: Scope, headers: Container[bytes]) -> bool:
    """Whether a body comes; ``headers`` has their names in lower case.

    HTTP/1.1 announces it by one of two headers (RFC 9112, section 6.3), HTTP/2 by none.
    """
    return (
        b"content-length" in headers
        or b"transfer-encoding" in headers
        or not scope["http_version"].startswith("1")
    )
