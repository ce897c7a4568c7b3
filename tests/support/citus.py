"""Distributed databases for tests: on the coordinator that WAYBILL_TEST_CITUS_URL names.

Its own database has the extension and knows the nodes. Databases of tests are made on all nodes.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from faults.invariants import broken_invariants
from persistence.database import Database
from persistence.distributing import copy_steps, foreign_key_steps, key_steps
from persistence.engine.engines import Engines, Pool, connect
from persistence.sql.columns import metadata
from tests.support.fakes import fake_renderers

_IS_TRIED = os.environ.get("WAYBILL_TEST_DATABASE") == "postgres"
COORDINATOR = os.environ.get("WAYBILL_TEST_CITUS_URL", "") if _IS_TRIED else ""
"""Empty unless Citus is tried."""

UUIDS = "a UUID is unique among the rows of a user only"
"""A reason of ``one_node``."""

# Few, since each statement over all rows asks every shard.
_SHARDS = 2


def one_node(reason: str) -> pytest.MarkDecorator:
    """Skip a test that is about one node, only where Citus is tried."""
    return pytest.mark.skipif(bool(COORDINATOR), reason=f"about one node: {reason}")


only_distributed = pytest.mark.skipif(not COORDINATOR, reason="for a coordinator of Citus")


def report(terminal: pytest.TerminalReporter, kind: str) -> None:
    """Write once that Citus was not tried."""
    if kind == "postgres" and not COORDINATOR:
        terminal.write_line("Citus was not tried: WAYBILL_TEST_CITUS_URL names no coordinator.")


def create_database() -> str:
    """Create a database on all nodes, with the extension; return its URL."""
    name = f"waybill_test_{uuid4().hex}"
    nodes = _nodes()
    for url in nodes:
        with _connect(url) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with _connect(url.set(database=name)) as connection:
            connection.execute("CREATE EXTENSION citus")
    coordinator, *workers = nodes
    with _connect(coordinator.set(database=name)) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET citus.shard_count TO {}").format(
                sql.Identifier(name), sql.Literal(_SHARDS)
            )
        )
        _set_host(connection, coordinator)
        for url in workers:
            connection.execute("SELECT citus_add_node(%s, %s)", [url.host, url.port])
    return coordinator.set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Drop a database on all nodes."""
    name = sql.Identifier(str(sa.make_url(url).database))
    for node in _nodes():
        with _connect(node) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def distribute(url: str) -> None:
    """Distribute the tables of a migrated database."""
    with closing(Database(url, renderers=fake_renderers())) as database:
        database.distribution.apply(lambda _: None)


@contextmanager
def all_rows(engines: Engines) -> Iterator[sa.Connection]:
    """Return a connection for statements over all rows, which see the same moment.

    Citus refuses most of these. There, all rows are copied to temporary tables of the same names.
    """
    if not COORDINATOR:
        with engines.snapshot.connect() as connection:
            yield connection
        return
    with engines.writing.connect() as connection:
        for table in metadata.sorted_tables:
            key = ", ".join(column.name for column in table.primary_key)
            copy = f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS TABLE public.{table}"
            connection.exec_driver_sql(copy)
            connection.exec_driver_sql(f"ALTER TABLE pg_temp.{table} ADD PRIMARY KEY ({key})")
        yield connection


def broken_rules(url: str) -> list[str]:
    """Return the broken invariants of the database at this moment."""
    engines = connect(url, Pool(1))
    try:
        with all_rows(engines) as connection:
            return broken_invariants(connection)
    finally:
        engines.dispose()


def convert(url: str) -> None:
    """Give a migrated database of one node the keys and tables of a distributed one."""
    engines = connect(url, Pool(1))
    for phase in (key_steps, foreign_key_steps, copy_steps):
        with engines.writing.begin() as connection:
            for step in phase(connection):
                for statement in step.statements:
                    connection.exec_driver_sql(statement)
    engines.dispose()


def _nodes() -> list[sa.URL]:
    """Return the URLs of the coordinator and the workers."""
    coordinator = sa.make_url(COORDINATOR)
    return [coordinator, *_workers(coordinator)]


def _workers(coordinator: sa.URL) -> Iterator[sa.URL]:
    with _connect(coordinator) as connection:
        rows = connection.execute("SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0")
        for host, port in rows.fetchall():
            yield coordinator.set(host=host, port=port)


def _set_host(connection: psycopg.Connection, coordinator: sa.URL) -> None:
    connection.execute(
        "SELECT citus_set_coordinator_host(%s, %s)", [coordinator.host, coordinator.port]
    )


def _connect(url: sa.URL) -> psycopg.Connection:
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
