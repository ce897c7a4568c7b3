"""The hosts in a URL of PostgreSQL, in both of libpq's spellings.

`postgresql://h1:5432,h2:5432/shop` names them before the path, `postgresql:///shop?host=h1&host=h2`
in the query. There, a host may have its port (`host=h1:5432`), or `port` lists the ports
(`host=h1,h2&port=5432,5433`); one port is for all hosts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

_URL = re.compile(
    r"(?P<head>(?:postgres|postgresql|postgresql\+psycopg)://(?:[^:/]*(?::[^@]*)?@)?)"
    r"(?P<hosts>[^/?]*)(?P<path>(?:/[^?]*)?)(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_HOST = re.compile(r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")
_WITH_PORT = re.compile(r"(?P<name>[^:/]+):(?P<port>[0-9]{1,5})")
_SCHEMES = ("postgres://", "postgresql://", "postgresql+psycopg://")


@dataclass(frozen=True, slots=True)
class Host:
    """A name, an address or the folder of a socket, and a port; empty for libpq's defaults."""

    name: str
    port: str = ""

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{name}:{self.port}" if self.port else name or "local"


@dataclass(frozen=True, slots=True)
class HostList:
    """The hosts of a URL in their order, and the URL without them."""

    hosts: tuple[Host, ...]
    rest: str


def is_postgres(url: str) -> bool:
    """Whether the URL is one of PostgreSQL."""
    return url.startswith(_SCHEMES)


def split_hosts(url: str) -> HostList:
    """Return the hosts of a URL of PostgreSQL; one with empty parts if it names none.

    Raises ValueError, whose text has no part of the URL.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("It is no URL of PostgreSQL.")
    options = parse_qsl(match["query"] or "", keep_blank_values=True)
    in_query = [name for key, value in options if key == "host" for name in value.split(",")]
    ports = [port for key, value in options if key == "port" for port in value.split(",")]
    others = [(key, value) for key, value in options if key not in ("host", "port")]
    if not in_query:
        hosts = [_host(text) for text in match["hosts"].split(",")]
    elif match["hosts"]:
        raise ValueError("It names hosts both before the path and in the query.")
    else:
        hosts = [_host_in_query(text) for text in in_query]
    rest = match["head"] + match["path"] + (f"?{urlencode(others)}" if others else "")
    return HostList(tuple(_with_ports(hosts, ports)), rest)


def _host(text: str) -> Host:
    match = _HOST.fullmatch(text)
    if match is None:
        raise ValueError("A host or its port is invalid.")
    return Host(match["address"] or match["name"] or "", match["port"] or "")


def _host_in_query(text: str) -> Host:
    """A folder or an address of IPv6 may have colons of its own."""
    match = _WITH_PORT.fullmatch(text)
    if match is not None:
        return Host(match["name"], match["port"])
    return _host(text) if text.startswith("[") else Host(text)


def _with_ports(hosts: Sequence[Host], ports: Sequence[str]) -> list[Host]:
    if ports:
        if any(host.port for host in hosts):
            raise ValueError("It names ports both with the hosts and in the query.")
        if len(ports) not in (1, len(hosts)):
            raise ValueError(f"It names {len(hosts)} hosts and {len(ports)} ports.")
        listed = list(ports) * len(hosts) if len(ports) == 1 else ports
        hosts = [Host(host.name, port) for host, port in zip(hosts, listed, strict=True)]
    for host in hosts:
        if host.port and not (host.port.isdigit() and int(host.port) in range(1, 65536)):
            raise ValueError("A port is no number from 1 to 65535.")
    if len(hosts) > 1 and not all(host.name for host in hosts):
        raise ValueError("A host is empty.")
    return list(hosts)
