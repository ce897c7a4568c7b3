"""All that is needed before anything is measured: databases, and what the answers have to be."""

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

from benchmarks import comparison, servers, waybill, workloads
from benchmarks.peers.pages import store_pages
from benchmarks.peers.rows import create_tables, make_rows, store_rows
from benchmarks.postgres import Postgres
from benchmarks.servers import Running, Server
from benchmarks.shop import Shop, fill_waybill, read_shop, read_sold_items
from benchmarks.workloads import Asked, Workload


@dataclass(frozen=True)
class Stage:
    """Databases that are filled, and what is asked of the servers on them."""

    postgres: Postgres
    folder: Path
    port: int
    shop: Shop
    asked: Asked

    @contextmanager
    def running(
        self, server: Server, workers: int = 1, *, fresh: bool = True, port: int | None = None
    ) -> Iterator[Running]:
        """Run the server, on a fresh copy of its database unless an earlier one is wanted.

        Answers have the port in their links, so it is the same each time unless one is given.
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
        """Run all of them at once, each on a port of its own; by their names."""
        with ExitStack() as stack:
            yield {
                server.name: stack.enter_context(
                    self.running(server, workers, port=servers.free_port())
                )
                for server in chosen
            }

    def make_cold(self, database: str) -> None:
        """Make all orders of a Waybill as if they had never been read.

        Documents go by the order's version.
        """
        with psycopg.connect(self.postgres.url(database)) as connection:
            connection.execute("UPDATE orders SET version = version + 1")

    def change_orders(self, server: Server) -> None:
        """Raise the versions of the reader's orders in the database of a Waybill.

        The first read of each is then as after any change.
        """
        statement = "UPDATE orders SET version = version + 1 WHERE user_pk = %s"
        with psycopg.connect(self.postgres.url(server.database)) as connection:
            connection.execute(statement, [self.shop.users[0][0]])

    def owner(self, workload: Workload) -> int:
        """Whose page the limit has for a read: a user, or a seller by the negative number."""
        token = workload.headers.get("Authorization", "").removeprefix("Bearer ")
        return next(
            (-seller.pk for seller in self.shop.sellers if seller.token == token),
            self.shop.users[0][0],
        )


def set_stage(
    postgres: Postgres, folder: Path, orders: int, supply: int, *, with_peers: bool = True
) -> Stage:
    """Fill the database of each server, or only Waybill's."""
    url = _new(postgres, servers.WAYBILL)
    shop = fill_waybill(url, folder, orders, supply)
    port = servers.free_port()
    output = folder / "waybill.log"
    with servers.running(servers.WAYBILL, url, port, 1, output) as server:
        read_shop(shop, server.base_url)
        read_sold_items(shop, url)
        stage = Stage(postgres, folder, port, shop, workloads.all_of(shop))
        served = {
            (stage.owner(read), read.path): comparison.fetch(server.base_url, read)
            for read in stage.asked.reads
        }
    stage.make_cold(servers.WAYBILL.template)
    if with_peers:
        _fill_peers(stage, served)
    for name in {each.template for each in servers.SERVERS if with_peers or each.is_waybill}:
        postgres.vacuum(name)
    return stage


def _fill_peers(stage: Stage, served: Mapping[tuple[int, str], bytes]) -> None:
    postgres, rows = stage.postgres, make_rows(stage.shop)
    for server_ in (servers.FASTAPI, servers.CONNEXION):
        url = _new(postgres, server_)
        create_tables(url)
        store_rows(url, rows)
    url = _new(postgres, servers.DRF)
    _migrate_django(url)
    store_rows(url, rows)
    store_pages(_new(postgres, servers.LIMIT), stage.shop, rows, served)


def prove(stage: Stage) -> Mapping[str, int]:
    """Compare all servers' answers with Waybill's; returns the bytes of each answer of Waybill.

    Raises NotTheSame for the first server that gives another.
    """
    expected: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for server in servers.SERVERS:
        with stage.running(server) as started:
            for name, body in _answers(stage, server, started):
                sizes.setdefault(name, len(body))
                found = comparison.parsed(body, is_record=name == workloads.CREATE)
                comparison.require_same(server.name, name, expected.setdefault(name, found), found)
    return sizes


def _answers(stage: Stage, server: Server, started: Running) -> Iterator[tuple[str, bytes]]:
    asked = stage.asked
    for read in [*asked.reads, asked.cold_list, asked.cold_detail]:
        if read.name in server.workloads:
            yield read.name, comparison.fetch(started.base_url, read)
    if server.name != servers.LIMIT.name:
        yield workloads.CROWD, comparison.fetch(started.base_url, workloads.crowd(stage.shop))
    if asked.create.name in server.workloads:
        body = comparison.fetch(started.base_url, asked.create)
        yield asked.create.name, body
        yield "order after it", _changed_order(stage, started)


def _changed_order(stage: Stage, started: Running) -> bytes:
    """The order with the request that was just made, without what each server makes up."""
    create = stage.asked.create.requests[0]
    item = orjson.loads(create.body or b"")["order_item"]
    orders = stage.shop.orders
    pk = next(o["pk"] for o in orders for i in o["orderitem_set"] if i["pk"] == item)
    url = f"{started.base_url}/users/orders/{pk}/"
    order = httpx.get(url, headers=dict(create.headers)).raise_for_status().json()
    del order["modified_date"]
    for line in order["orderitem_set"]:
        del line["modified_date"]
        shown = [*line["cancellationrequest_set"], line["active_cancellation_request"] or {}]
        for request in shown:
            for name in comparison.MADE_UP & request.keys():
                del request[name]
    return orjson.dumps(order)


def _new(postgres: Postgres, server: Server) -> str:
    postgres.create(server.template)
    return postgres.url(server.template)


def _migrate_django(url: str) -> None:
    """Make Django's tables, by its own command."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"],
        cwd=waybill.ROOT,
        env=os.environ | {"DATABASE_URL": url, **servers.DRF.settings},
        check=True,
    )
