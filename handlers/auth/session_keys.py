"""The key of a session or a grant in the Authorization header of a request, for programs.

It replaces the cookie of the same value. Pages of other origins can't set the header unless CORS
allows it (`handlers.edge.cors`), so requests with a key need no CSRF token.
"""

import re
from itertools import chain

from flask import Request

from domain.shared.errors import NotAuthenticated, Refusal
from handlers.contract.operations.operations import Operation

KEY_SCHEME = "SessionKey"

_SCHEME = re.compile(r"session(?: +|\Z)", re.IGNORECASE)


def shown_key(request: Request) -> str | None:
    """The key in the header, unverified; None without one, and for other schemes.

    Beside a key, cookies are ignored: clients set the header on purpose, and send cookies by
    themselves. A repeated header arrives joined by a comma, which no valid key contains.
    """
    value: str = request.environ.get("HTTP_AUTHORIZATION", "").strip()
    scheme = _SCHEME.match(value)
    return value[scheme.end() :] if scheme else None


def key_challenge(operation: Operation, refusal: Refusal) -> dict[str, str]:
    """The WWW-Authenticate header for operations that accept a key (RFC 9110, section 11.6.1)."""
    accepts_key = KEY_SCHEME in chain.from_iterable(operation.security)
    if accepts_key and isinstance(refusal, NotAuthenticated):
        return {"WWW-Authenticate": 'Session realm="shop"'}
    return {}


def is_by_key(request: Request) -> bool:
    """Whether the request has a key, which overrides cookies."""
    return shown_key(request) is not None
