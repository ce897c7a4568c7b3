"""Several hosts: which one a connection goes to, and what a host that hangs costs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa

from persistence.engine.engines import Pool, connect
from persistence.engine.hosts import HostOrder, database_url, host_urls
from tests.conftest import KIND

on_a_server = pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no hosts")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://me:p%40ss@h1:5432,h2:5433/shop",
        "postgresql://me:p%40ss@/shop?host=h1:5432&host=h2:5433",
        "postgresql://me:p%40ss@/shop?host=h1,h2&port=5432,5433",
    ],
)
def test_several_hosts_become_options_of_libpq(url: str) -> None:
    parsed = database_url(url)

    assert parsed.drivername == "postgresql+psycopg"
    assert (parsed.username, parsed.password, parsed.database) == ("me", "p@ss", "shop")
    assert dict(parsed.query) == {
        "host": "h1,h2",
        "port": "5432,5433",
        "target_session_attrs": "read-write",
    }


def test_target_session_attrs_of_the_url_is_used() -> None:
    parsed = database_url("postgresql://h1,h2/shop?target_session_attrs=any")

    assert dict(parsed.query) == {"host": "h1,h2", "target_session_attrs": "any"}


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://me:a@h1:5432/shop?sslmode=require", "postgresql+psycopg:///a?host=/run"],
)
def test_a_url_with_one_host_is_not_changed(url: str) -> None:
    assert database_url(url).render_as_string(hide_password=False) == url.replace("/run", "%2Frun")


def test_sqlite_has_no_hosts() -> None:
    assert database_url("sqlite:///a,b.sqlite3").database == "a,b.sqlite3"


def test_each_host_has_a_url() -> None:
    urls = host_urls(
        "postgresql://me:a@h1,[::1]:5433/shop?sslmode=require&load_balance_hosts=random"
        "&target_session_attrs=prefer-standby"
    )

    assert urls == {
        "h1": "postgresql+psycopg://me:a@/shop?host=h1&sslmode=require",
        "[::1]:5433": "postgresql+psycopg://me:a@/shop?host=%3A%3A1&port=5433&sslmode=require",
    }


def test_the_first_connection_tries_the_hosts_in_their_order() -> None:
    options = {"host": "h1,h2"}

    HostOrder().apply(options)

    assert options == {"host": "h1,h2"}


@on_a_server
def test_a_host_that_hangs_is_tried_last_from_then_on(migrated_url: str) -> None:
    with _silent() as (listener, folder):
        silent, server = (str(folder), "5432"), _server(migrated_url)
        engines = connect(_with_hosts(migrated_url, silent, server), Pool(3))

        for engine in (engines.writing, engines.autocommit):
            with engine.connect() as one, engine.connect() as other:
                assert [connection.scalar(sa.text("SELECT 1")) for connection in (one, other)]

        engines.dispose()
        assert _attempts(listener) == 1


@on_a_server
def test_a_read_only_host_is_passed_over(migrated_url: str) -> None:
    server = _server(migrated_url)
    read_only = {"options": "-c default_transaction_read_only=on"}
    engines = connect(_with_hosts(migrated_url, server, server, **read_only), Pool(1))

    with pytest.raises(sa.exc.OperationalError, match="read-only"):
        engines.writing.connect()

    engines.dispose()


def _server(url: str) -> tuple[str, str]:
    """Return the host, or the folder of the socket, and the port."""
    parsed = sa.make_url(url)
    return str(parsed.query.get("host", parsed.host)), str(parsed.port or 5432)


def _with_hosts(url: str, *servers: tuple[str, str], **query: str) -> str:
    """Return the URL with these hosts and ports in place of its own."""
    hosts, ports = (",".join(values) for values in zip(*servers, strict=True))
    own = sa.make_url(url)
    changed = sa.URL.create(
        own.drivername,
        own.username,
        own.password,
        database=own.database,
        query={"host": hosts, "port": ports, **query},
    )
    return changed.render_as_string(hide_password=False)


@contextmanager
def _silent() -> Iterator[tuple[socket.socket, Path]]:
    """A socket that accepts connections and never answers, and its folder."""
    with TemporaryDirectory(prefix="waybill-") as name, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{name}/.s.PGSQL.5432")
        listener.listen()
        yield listener, Path(name)


def _attempts(listener: socket.socket) -> int:
    """The number of connections that wait to be accepted."""
    listener.setblocking(False)
    count = 0
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1
