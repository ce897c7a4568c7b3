"""The token of a seller or of the shop in a request, and the challenge for one that is not good."""

import re

from flask import request

from domain.errors import Forbidden, NotAuthenticated, Refusal
from handlers.contract.operations import Operation

SHOP_SCHEME = "ShopToken"
BEARER_HEADERS = {
    "SellerToken": "Authorization",
    "SellerAuthentication": "Authentication",
    SHOP_SCHEME: "Authorization",
}
"""By security scheme, the header that the token comes in."""

_BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)
_SELLER_REALM = 'Bearer realm="seller center"'
_SHOP_REALM = 'Bearer realm="shop"'


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
    schemes = {scheme for names in operation.security for scheme in names}
    if not schemes & BEARER_HEADERS.keys():
        return {}
    realm = _SHOP_REALM if SHOP_SCHEME in schemes else _SELLER_REALM
    if isinstance(refusal, NotAuthenticated):
        told = [realm, *(['error="invalid_token"'] if _given() else [])]
    elif isinstance(refusal, Forbidden):
        scopes = " ".join(sorted(operation.scopes))
        told = [realm, 'error="insufficient_scope"', f'scope="{scopes}"']
    else:
        return {}
    return {"WWW-Authenticate": ", ".join(told)}


def _given() -> list[str]:
    return [header for header in set(BEARER_HEADERS.values()) if header in request.headers]


def _value_in(header: str) -> str | None:
    """A header that was given twice arrives as one, joined by a comma, and holds no token."""
    match = _BEARER.fullmatch(request.headers.get(header, "").strip())
    return match[1] if match else None
