"""CORS: which pages of other origins may read our answers (Fetch standard, section 3.2).

Off without an allow-list. Session cookies are SameSite=Lax, so only pages of the same site send
them: `https://shop.example` may be let in at `https://orders.shop.example`. A key in the
`Authorization` header is sent by pages of any origin on the list, and of no other: the header needs
a preflight that lets it. So requests with a key need no CSRF token.
"""

from starlette.types import Scope

from handlers.edge.head import Headers

HeaderList = list[tuple[bytes, bytes]]

_METHODS = b"GET, HEAD, POST"
_REQUEST_HEADERS = (
    b"accept-language, authentication, authorization, content-type, idempotency-key, x-csrftoken,"
    b" x-request-id"
)
_RESPONSE_HEADERS = b"content-language, idempotent-replay, retry-after, x-request-id"
_SECONDS = b"600"


class Cors:
    """The origins that are let in, each as browsers write it: `https://shop.example`."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, headers: Headers) -> HeaderList:
        """What every answer to a request with these headers carries."""
        if not self._origins:
            return []
        origin = headers.get(b"origin")
        if origin not in self._origins:
            return [(b"vary", b"Origin")]
        return [
            (b"vary", b"Origin"),
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _RESPONSE_HEADERS),
        ]

    def preflight(self, scope: Scope, headers: Headers) -> HeaderList | None:
        """What answers a browser that asks whether it may send a request; None for all else."""
        asks = scope["method"] == "OPTIONS" and b"access-control-request-method" in headers
        if not asks or headers.get(b"origin") not in self._origins:
            return None
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _REQUEST_HEADERS),
            (b"access-control-max-age", _SECONDS),
            (b"cache-control", b"no-store"),
        ]
