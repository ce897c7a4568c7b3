"""URLs of PostgreSQL with several hosts, and the order in which connections try them."""

from collections.abc import MutableMapping
from typing import Any

import psycopg
import sqlalchemy as sa

from domain.shared.database_hosts import Host, is_postgres, split_hosts

_DRIVER = "postgresql+psycopg"
_PORT = "5432"
_SESSION = "target_session_attrs"
_ORDER = "load_balance_hosts"


def database_url(url: str) -> sa.URL:
    """Return the URL for SQLAlchemy, with psycopg as the driver.

    With several hosts, connections go to the one that accepts writes, unless the URL sets
    `target_session_attrs`. Raises ValueError for an invalid list of hosts.
    """
    if not is_postgres(url):
        return sa.make_url(url)
    hosts = split_hosts(url)
    if len(hosts.hosts) == 1:
        return sa.make_url(url).set(drivername=_DRIVER)
    return _to(hosts.hosts, hosts.rest, {_SESSION: "read-write"})


def host_urls(url: str) -> dict[str, str]:
    """Return a URL for each host of ``url``, by the name of the host with its port.

    They connect whether the server accepts writes or not.
    """
    hosts = split_hosts(url)
    return {
        str(host): _to([host], hosts.rest, {})
        .difference_update_query([_SESSION, _ORDER])
        .render_as_string(hide_password=False)
        for host in hosts.hosts
    }


def _to(hosts: tuple[Host, ...] | list[Host], rest: str, default: dict[str, str]) -> sa.URL:
    url = sa.make_url(rest).set(drivername=_DRIVER)
    options = {"host": ",".join(host.name for host in hosts)} if hosts[0].name else {}
    if any(host.port for host in hosts):
        options["port"] = ",".join(host.port for host in hosts)
    return url.set(query={**default, **url.query, **options})


class HostOrder:
    """Puts the host first that accepted the last connection.

    Otherwise, if the first host of the list hangs, every connection would wait for it.
    """

    def __init__(self) -> None:
        self._last: tuple[str, str] | None = None

    def apply(self, options: MutableMapping[str, Any]) -> None:
        """Reorder ``host`` and ``port`` of libpq's options."""
        names = str(options.get("host", "")).split(",")
        if len(names) < 2 or self._last is None:
            return
        ports = str(options.get("port", "")).split(",")
        if len(ports) != len(names):
            ports *= len(names)
        hosts = [(name, port or _PORT) for name, port in zip(names, ports, strict=True)]
        hosts.sort(key=lambda host: host != self._last)
        options["host"] = ",".join(name for name, _ in hosts)
        options["port"] = ",".join(port for _, port in hosts)

    def note(self, connection: psycopg.Connection[Any]) -> None:
        """Note the host of a new connection."""
        self._last = connection.info.host, str(connection.info.port)
