"""CORS: which pages of other origins may read our responses (Fetch standard, section 3.2).

Off without an allow-list. Session cookies are SameSite=Lax, so only pages of the same site send
them: `https://shop.example` may be allowed at `https://orders.shop.example`. A key in the
`Authorization` header is sent only by pages of allowed origins, since the header needs a preflight.
So requests with a key need no CSRF token.
"""

from collections.abc import Collection

from starlette.types import Scope

from handlers.http.headers import HeaderList, Headers

_SECONDS = b"600"


class Cors:
    """The allowed origins, as browsers send them: `https://shop.example`.

    ``methods`` and ``request_headers`` are those that their pages may send, ``response_headers``
    those that they may read; comma-separated, as in the headers of the standard.
    """

    def __init__(
        self,
        origins: Collection[str] = (),
        *,
        methods: str = "GET, HEAD, POST, PUT, PATCH, DELETE",
        request_headers: str = "authorization, content-type",
        response_headers: str = "",
    ) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)
        self._methods = methods.encode()
        self._request_headers = request_headers.encode()
        self._response_headers = response_headers.encode()

    def headers(self, headers: Headers) -> HeaderList:
        """The CORS headers of every response to a request with these headers."""
        if not self._origins:
            return []
        origin = headers.get(b"origin")
        if origin not in self._origins:
            return [(b"vary", b"Origin")]
        return [
            (b"vary", b"Origin"),
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", self._response_headers),
        ]

    def preflight(self, scope: Scope, headers: Headers) -> HeaderList | None:
        """The headers of the response to a preflight; None for other requests."""
        is_preflight = scope["method"] == "OPTIONS" and b"access-control-request-method" in headers
        if not is_preflight or headers.get(b"origin") not in self._origins:
            return None
        return [
            (b"access-control-allow-methods", self._methods),
            (b"access-control-allow-headers", self._request_headers),
            (b"access-control-max-age", _SECONDS),
            (b"cache-control", b"no-store"),
        ]
