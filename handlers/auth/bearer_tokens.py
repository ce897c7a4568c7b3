"""The token of a seller or the shop in a request, and the challenge for an invalid one."""

import re

from domain.shared.errors import Forbidden, NotAuthenticated, Refusal
from handlers.contract.operations.operations import Operation
from handlers.http.current import current_request

SHOP_SCHEME = "ShopToken"
_BARE_HEADER = "Authentication"
BEARER_HEADERS = {
    "SellerToken": "Authorization",
    "SellerAuthentication": _BARE_HEADER,
    SHOP_SCHEME: "Authorization",
}
"""By security scheme, the header that the token comes in."""

_BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)
# The characters of a token (RFC 6750, section 2.1); two headers arrive joined by a comma.
_BARE = re.compile(r"([A-Za-z0-9._~+/-]+=*)")
_SELLER_REALM = 'Bearer realm="seller center"'
_SHOP_REALM = 'Bearer realm="shop"'


def bearer_value(header: str) -> str:
    """The token in this header of the current request.

    Raises NotAuthenticated without a valid token, and where the other header has another one, which
    would be ambiguous.
    """
    value = _value_in(header)
    if value is None or {_value_in(sent_header) for sent_header in _sent_headers()} != {value}:
        raise NotAuthenticated
    return value


def challenge(operation: Operation, refusal: Refusal) -> dict[str, str]:
    """The WWW-Authenticate header for a token (RFC 6750, section 3); empty for other callers."""
    schemes = {scheme for names in operation.security for scheme in names}
    if not schemes & BEARER_HEADERS.keys():
        return {}
    realm = _SHOP_REALM if SHOP_SCHEME in schemes else _SELLER_REALM
    if isinstance(refusal, NotAuthenticated):
        parts = [realm, *(['error="invalid_token"'] if _sent_headers() else [])]
    elif isinstance(refusal, Forbidden):
        scopes = " ".join(sorted(operation.scopes))
        parts = [realm, 'error="insufficient_scope"', f'scope="{scopes}"']
    else:
        return {}
    return {"WWW-Authenticate": ", ".join(parts)}


def _sent_headers() -> list[str]:
    headers = current_request().headers
    return [header for header in set(BEARER_HEADERS.values()) if header in headers]


def _value_in(header: str) -> str | None:
    """The token in a header; `Authentication` may hold it alone, as SDKs send an API key.

    A repeated header arrives joined by a comma, which no token contains.
    """
    value = current_request().headers.get(header, "").strip()
    match = _BEARER.fullmatch(value)
    if match is None and header == _BARE_HEADER:
        match = _BARE.fullmatch(value)
    return match[1] if match else None
