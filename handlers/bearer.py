"""The token of a seller, as it comes with a request, and what is said of one that is not good."""

import re

from flask import request

from domain.errors import Forbidden, NotAuthenticated, Refusal
from handlers.contract.operations import Operation

BEARER_HEADERS = {"SellerToken": "Authorization", "SellerAuthentication": "Authentication"}
"""By security scheme, the header that the token comes in."""

_BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)
_REALM = 'Bearer realm="seller center"'


def bearer_value(header: str) -> str:
    """The token in this header of the current request.

    Raises NotAuthenticated where there is none, or something else, and where the other header has
    another one: nobody knows which is meant.
    """
    value = _value_in(header)
    if value is None or {_value_in(each) for each in _given()} != {value}:
        raise NotAuthenticated
    return value


def challenge(operation: Operation, refusal: Refusal) -> dict[str, str]:
    """The header that tells what the token lacks (RFC 6750, section 3); none for other callers."""
    if not any(scheme in BEARER_HEADERS for names in operation.security for scheme in names):
        return {}
    if isinstance(refusal, NotAuthenticated):
        told = [_REALM, *(['error="invalid_token"'] if _given() else [])]
    elif isinstance(refusal, Forbidden):
        scopes = " ".join(sorted(operation.scopes))
        told = [_REALM, 'error="insufficient_scope"', f'scope="{scopes}"']
    else:
        return {}
    return {"WWW-Authenticate": ", ".join(told)}


def _given() -> list[str]:
    return [header for header in BEARER_HEADERS.values() if header in request.headers]


def _value_in(header: str) -> str | None:
    """A header that was given twice arrives as one, joined by a comma, and holds no token."""
    match = _BEARER.fullmatch(request.headers.get(header, "").strip())
    return match[1] if match else None
