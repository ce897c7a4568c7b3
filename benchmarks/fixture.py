"""The fixture of a run: filled databases, workloads and compared responses."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg

from benchmarks import comparison, servers, waybill
from benchmarks.peers.pages import store_pages
from benchmarks.peers.rows import create_tables, make_rows, store_rows
from benchmarks.postgres import Postgres
from benchmarks.servers import Running, Server
from benchmarks.shop import Shop, fill_waybill, read_shop, read_sold_items
from benchmarks.workloads import CREATE, CROWD, Workload, Workloads, crowd, make_workloads


@dataclass(frozen=True)
class Fixture:
    """Filled databases, and the workloads of the servers on them."""

    postgres: Postgres
    folder: Path
    port: int
    shop: Shop
    workloads: Workloads

    @contextmanager
    def running(
        self, server: Server, workers: int = 1, *, fresh: bool = True, port: int | None = None
    ) -> Iterator[Running]:
        """Run the server, on a new copy of its database where ``fresh``.

        Responses have the port in their links, so it is always the same unless ``port`` is given.
        """
        if fresh:
            self.postgres.create(server.database, server.template)
        output = self.folder / f"{server.database}.log"
        url = self.postgres.url(server.database)
        with servers.running(server, url, port or self.port, workers, output) as started:
            yield started

    @contextmanager
    def all_running(
        self, chosen: Sequence[Server], workers: int
    ) -> Iterator[Mapping[str, Running]]:
        """Run all servers at once, each on a port of its own; yield them by name."""
        with ExitStack() as stack:
            yield {
                server.name: stack.enter_context(
                    self.running(server, workers, port=servers.free_port())
                )
                for server in chosen
            }

    def make_cold(self, database: str) -> None:
        """Make all orders of a Waybill database cold, as if they had never been read.

        Cached documents are keyed by the order's version.
        """
        with psycopg.connect(self.postgres.url(database)) as connection:
            connection.execute("UPDATE orders SET version = version + 1")

    def change_orders(self, server: Server) -> None:
        """Raise the versions of the reader's orders in a Waybill database.

        The first read of each is then like one after a change.
        """
        statement = "UPDATE orders SET version = version + 1 WHERE user_pk = %s"
        with psycopg.connect(self.postgres.url(server.database)) as connection:
            connection.execute(statement, [self.shop.users[0][0]])

    def owner(self, workload: Workload) -> int:
        """The owner of the baseline's page for a read: a user's pk, or a negated seller's."""
        token = workload.headers.get("Authorization", "").removeprefix("Bearer ")
        return next(
            (-seller.pk for seller in self.shop.sellers if seller.token == token),
            self.shop.users[0][0],
        )


def make_fixture(
    postgres: Postgres, folder: Path, orders: int, supply: int, *, with_peers: bool = True
) -> Fixture:
    """Fill the database of each server, or only Waybill's without peers."""
    url = _new(postgres, servers.WAYBILL)
    shop = fill_waybill(url, folder, orders, supply)
    port = servers.free_port()
    output = folder / "waybill.log"
    with servers.running(servers.WAYBILL, url, port, 1, output) as server:
        read_shop(shop, server.base_url)
        read_sold_items(shop, url)
        fixture = Fixture(postgres, folder, port, shop, make_workloads(shop))
        served = {
            (fixture.owner(read), read.path): comparison.fetch(server.base_url, read)
            for read in fixture.workloads.reads
        }
    fixture.make_cold(servers.WAYBILL.template)
    if with_peers:
        _fill_peers(fixture, served)
    for name in {server.template for server in servers.SERVERS if with_peers or server.is_waybill}:
        postgres.vacuum(name)
    return fixture


def _fill_peers(fixture: Fixture, served: Mapping[tuple[int, str], bytes]) -> None:
    postgres, rows = fixture.postgres, make_rows(fixture.shop)
    for server_ in (servers.FASTAPI, servers.CONNEXION):
        url = _new(postgres, server_)
        create_tables(url)
        store_rows(url, rows)
    url = _new(postgres, servers.DRF)
    _migrate_django(url)
    store_rows(url, rows)
    store_pages(_new(postgres, servers.BASELINE), fixture.shop, rows, served)


def compare_responses(fixture: Fixture) -> Mapping[str, int]:
    """Compare all servers' responses with Waybill's; return the bytes of Waybill's by workload.

    Raises ResponsesDiffer for the first difference.
    """
    expected: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for server in servers.SERVERS:
        with fixture.running(server) as started:
            for name, body in _responses(fixture, server, started):
                sizes.setdefault(name, len(body))
                actual = comparison.parsed(body, is_record=name == CREATE)
                comparison.require_equal(
                    server.name, name, expected.setdefault(name, actual), actual
                )
    return sizes


def _responses(fixture: Fixture, server: Server, started: Running) -> Iterator[tuple[str, bytes]]:
    workloads = fixture.workloads
    for read in [*workloads.reads, workloads.cold_list, workloads.cold_detail]:
        if read.name in server.workloads:
            yield read.name, comparison.fetch(started.base_url, read)
    if server.name != servers.BASELINE.name:
        yield CROWD, comparison.fetch(started.base_url, crowd(fixture.shop))
    if workloads.create.name in server.workloads:
        body = comparison.fetch(started.base_url, workloads.create)
        yield workloads.create.name, body
        yield "order after it", _changed_order(fixture, started)


def _changed_order(fixture: Fixture, started: Running) -> bytes:
    """The order with the request that was just created, without generated fields."""
    create = fixture.workloads.create.requests[0]
    item = orjson.loads(create.body or b"")["order_item"]
    orders = fixture.shop.orders
    pk = next(o["pk"] for o in orders for i in o["orderitem_set"] if i["pk"] == item)
    url = f"{started.base_url}/users/orders/{pk}/"
    order = httpx.get(url, headers=dict(create.headers)).raise_for_status().json()
    del order["modified_date"]
    for line in order["orderitem_set"]:
        del line["modified_date"]
        shown = [*line["cancellationrequest_set"], line["active_cancellation_request"] or {}]
        for request in shown:
            for name in comparison.GENERATED & request.keys():
                del request[name]
    return orjson.dumps(order)


def _new(postgres: Postgres, server: Server) -> str:
    postgres.create(server.template)
    return postgres.url(server.template)


def _migrate_django(url: str) -> None:
    """Create Django's tables by its command."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"],
        cwd=waybill.ROOT,
        env=os.environ | {"DATABASE_URL": url, **servers.DRF.settings},
        check=True,
    )
