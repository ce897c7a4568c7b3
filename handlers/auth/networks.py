"""Which network a request comes from, as far as limits are concerned."""

import re
from ipaddress import IPv6Address, ip_address

UNKNOWN = "unknown"
"""What all addresses that can't be understood have in common: apart, each would have a limit."""

# Some gateways append the port (RFC 7239, section 6, allows both); an IPv6 address then needs
# brackets.
_BRACKETED = re.compile(r"\[([^\]]*)\](?::\d*)?")
_IPV4_WITH_PORT = re.compile(r"([0-9.]+):\d*")


def network_of(address: str) -> str:
    """What one client surely shares: of IPv6 the first 64 bits, since the rest is its to choose.

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
