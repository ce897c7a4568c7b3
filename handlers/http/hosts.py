"""Valid hosts (RFC 3986, section 3.2.2), in the request's own header and from a trusted proxy.

Links in responses begin with the host, so all of it is checked.
"""

import re
from ipaddress import AddressValueError, IPv6Address

from starlette.types import Scope
from werkzeug.http import parse_list_header

from handlers.http.errors import InvalidHost, MalformedMessage

_MAX_NAME = 253  # of the domain name system
_MAX_PORT = 65535
_PORT = rb"(?::([0-9]{1,5}))?"
# IPv4 addresses look like names, too.
_NAME = re.compile(rb"([A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?)" + _PORT)
_IPV6 = re.compile(rb"\[([0-9A-Fa-f:.]{2,45})\]" + _PORT)
_SCHEMES = {"http", "https"}


def is_host(host: bytes) -> bool:
    """Whether it is a name, an IPv4 address or an IPv6 address in brackets, port or no port."""
    match = _NAME.fullmatch(host)
    if match is None:
        match = _IPV6.fullmatch(host)
        if match is None or not _is_ipv6(match[1].decode()):
            return False
    elif len(match[1]) > _MAX_NAME:
        return False
    return match[2] is None or int(match[2]) <= _MAX_PORT


def _is_ipv6(address: str) -> bool:
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True


def check_forwarded(scope: Scope, proxies: int) -> str:
    """Check the host and scheme that the outermost of ``proxies`` trusted proxies set.

    Returns the address of the client that it set, or an empty text.
    Values that clients put before them are never read. Raises InvalidHost and MalformedMessage.
    """
    host = _forwarded(scope, b"x-forwarded-host", proxies)
    if host is not None and not (host.isascii() and is_host(host.encode())):
        raise InvalidHost
    client = _forwarded(scope, b"x-forwarded-for", proxies)
    scheme = _forwarded(scope, b"x-forwarded-proto", proxies)
    if scheme is not None and scheme not in _SCHEMES:
        raise MalformedMessage
    return client or ""


def _forwarded(scope: Scope, name: bytes, proxies: int) -> str | None:
    """The value that Werkzeug's ProxyFix will read, parsed in the same way.

    Raises MalformedMessage for a quote that does not end: with it, a client could make ProxyFix
    ignore the value that the proxy appended.
    """
    joined = b",".join(value for header, value in scope["headers"] if header == name)
    values = parse_list_header(joined.decode("latin-1"))
    if joined and not values:
        raise MalformedMessage
    return values[-proxies] or None if len(values) >= proxies else None
