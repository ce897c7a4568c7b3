"""The key of a session or a grant in a request's Authorization header, for programs.

It stands for the cookie of the same value. A page of another site can't set the header without
leave (`handlers.edge.cors`), so a request with a key needs no CSRF token.
"""

import re
from itertools import chain

from flask import Request

from domain.shared.errors import NotAuthenticated, Refusal
from handlers.contract.operations.operations import Operation

KEY_SCHEME = "SessionKey"

_SCHEME = re.compile(r"session(?: +|\Z)", re.IGNORECASE)


def shown_key(request: Request) -> str | None:
    """The key in the header, whatever it is worth; None without one, and for other schemes.

    Where it is not None, cookies count for nothing: the header is set on purpose, and browsers and
    cookie jars send cookies by themselves. The header given twice arrives as one, joined by a
    comma, and holds no key that is good.
    """
    value: str = request.environ.get("HTTP_AUTHORIZATION", "").strip()
    scheme = _SCHEME.match(value)
    return value[scheme.end() :] if scheme else None


def key_challenge(operation: Operation, refusal: Refusal) -> dict[str, str]:
    """The header that asks for a key where one is taken (RFC 9110, section 11.6.1)."""
    accepts_key = KEY_SCHEME in chain.from_iterable(operation.security)
    if accepts_key and isinstance(refusal, NotAuthenticated):
        return {"WWW-Authenticate": 'Session realm="shop"'}
    return {}


def is_by_key(request: Request) -> bool:
    """Whether a key says whom the request is from, rather than cookies."""
    return shown_key(request) is not None
