"""The network of a request, for rate limits."""

import re
from ipaddress import IPv6Address, ip_address

UNKNOWN = "unknown"
"""The network of all invalid addresses, so that they share one limit."""

# Some gateways append the port (RFC 7239, section 6, allows both); an IPv6 address then needs
# brackets.
_BRACKETED = re.compile(r"\[([^\]]*)\](?::\d*)?")
_IPV4_WITH_PORT = re.compile(r"([0-9.]+):\d*")


def network_of(address: str) -> str:
    """The IPv4 address, or the first 64 bits of an IPv6 address: clients choose the rest.

    ``address`` may have a port, brackets and a zone (RFC 4007, section 11). An IPv4 address mapped
    to IPv6 is the IPv4 address. Anything else is UNKNOWN.
    """
    address = address.strip().strip('"')
    match = _BRACKETED.fullmatch(address) or _IPV4_WITH_PORT.fullmatch(address)
    bare, _, _zone = (match[1] if match else address).partition("%")
    try:
        parsed = ip_address(bare)
    except ValueError:
        return UNKNOWN
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or f"{IPv6Address(int(parsed) >> 64 << 64)}/64")
    return str(parsed)
