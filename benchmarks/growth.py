"""Growth: the same requests with a hundred times as many orders in the tables."""

import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import httpx
import psycopg
from psycopg import sql

from benchmarks import bars
from benchmarks.load import put_load
from benchmarks.results import Spread
from benchmarks.servers import WAYBILL
from benchmarks.shop import seller_headers
from benchmarks.stage import Stage
from benchmarks.workloads import Workload, read

MANY = 1_000_000
_PAGES = 1000
_LIMIT = 20
_ROUNDS = 3
_GROWN = replace(WAYBILL, database="waybill_grown")
_SELLER, _FAR, _CURSOR, _FAR_CURSOR = "seller", "seller far", "cursor", "cursor far"

# How the columns of a copy differ; all others are as in the row that it is a copy of. `copy` is
# its number, and `stride` is past every pk of the table.
_COPIES = {
    "users": {"email": "'g' || copy || email", "email_key": "'g' || copy || email_key"},
    "orders": {
        "user_pk": "user_pk + copy * {users}",
        "number": "'g' || copy || number",
        "created_date": "created_date - copy * interval '1 minute'",
    },
    "order_items": {"order_pk": "order_pk + copy * {orders}"},
    "seller_orders": {
        "order_pk": "order_pk + copy * {orders}",
        "number": "'g' || copy || number",
        "number_folded": "'g' || copy || number_folded",
        "date_placed": "date_placed - copy * interval '1 minute'",
    },
}


def growth(stage: Stage, seconds: int) -> dict[str, Spread]:
    """The bars of growth, one connection at a time, small and grown database in turn."""
    name = _GROWN.template
    stage.postgres.create(name, WAYBILL.template)
    with psycopg.connect(stage.postgres.url(name), autocommit=True) as connection:
        _multiply(connection, MANY)
    stage.postgres.vacuum(name)
    p50: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(_ROUNDS):
        for server in (WAYBILL, _GROWN):
            # Copied once: a copy of so many orders takes as long as a round.
            with stage.running(server, fresh=(server.database, "list page") not in p50) as started:
                for workload in _workloads(stage, started.base_url, is_grown=server is _GROWN):
                    put_load(started.base_url, workload, 1, 1)
                    load = put_load(started.base_url, workload, seconds, 1)
                    p50[server.database, workload.name].append(load.p50)
    middle = {key: statistics.median(found) for key, found in p50.items()}
    return {name: Spread.of([found]) for name, found in _figures(stage, middle).items()}


def _figures(stage: Stage, p50: dict[tuple[str, str], float]) -> dict[str, float]:
    small, grown = WAYBILL.database, _GROWN.database
    asked = {
        bars.GROWN_LIST: stage.asked.reads[0].name,
        bars.GROWN_DETAIL: stage.asked.reads[1].name,
        bars.GROWN_SELLER: _SELLER,
    }
    figures = {bar: p50[grown, name] / p50[small, name] for bar, name in asked.items()}
    figures[bars.FAR_PAGE] = p50[grown, _FAR] / p50[grown, _SELLER]
    figures[bars.FAR_CURSOR] = p50[grown, _FAR_CURSOR] / p50[grown, _CURSOR]
    return figures


def _workloads(stage: Stage, base_url: str, *, is_grown: bool) -> Iterator[Workload]:
    yield from stage.asked.reads[:2]
    headers = seller_headers(stage.shop.busiest_seller.token)
    path = f"/api/i1/orders/?limit={_LIMIT}"
    yield read(_SELLER, path, headers)
    if is_grown:
        yield read(_FAR, f"{path}&page={_PAGES}", headers)
        yield read(_CURSOR, f"{path}&cursor=", headers)
        yield read(_FAR_CURSOR, _follow(base_url, f"{path}&cursor=", headers), headers)


def _follow(base_url: str, path: str, headers: dict[str, str]) -> str:
    """The path of the last of so many pages, each of which names the next."""
    with httpx.Client(base_url=base_url, headers=headers, timeout=60) as client:
        for _ in range(_PAGES - 1):
            path = client.get(path).raise_for_status().json()["next"]
    return path.removeprefix(base_url)


def _multiply(connection: psycopg.Connection, orders: int) -> None:
    """Copy what is there, within the database, until it has so many orders."""
    found = connection.execute("SELECT count(*) FROM orders").fetchone()
    copies = -(-orders // (found[0] if found else 1)) - 1
    # Copies name what is there, or copies: nothing has to be looked up.
    connection.execute("SET session_replication_role = replica")
    strides = {table: _highest(connection, table) + 1 for table in _COPIES}
    for table, changed in _COPIES.items():
        names = _columns(connection, table)
        values = {"pk": f"pk + copy * {strides[table]}", "uuid": "gen_random_uuid()"}
        values |= {name: value.format(**strides) for name, value in changed.items()}
        chosen = sql.SQL(", ").join(
            sql.SQL(values[name]) if name in values else sql.Identifier(name) for name in names
        )
        statement = sql.SQL(
            "INSERT INTO {table} ({names}) SELECT {chosen} FROM {table},"
            " generate_series(1, {copies}) AS copy"
        )
        connection.execute(
            statement.format(
                table=sql.Identifier(table),
                names=sql.SQL(", ").join(map(sql.Identifier, names)),
                chosen=chosen,
                copies=sql.Literal(copies),
            )
        )
    # They are right by seller and status; in which slot an order is counted makes no difference.
    connection.execute("UPDATE seller_order_counts SET orders = orders * %s", [copies + 1])


def _highest(connection: psycopg.Connection, table: str) -> int:
    statement = sql.SQL("SELECT max(pk) FROM {}").format(sql.Identifier(table))
    found = connection.execute(statement).fetchone()
    return found[0] if found else 0


def _columns(connection: psycopg.Connection, table: str) -> list[str]:
    """All that are stored; what the database computes is left to it."""
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND table_schema = 'public' AND is_generated = 'NEVER'",
        [table],
    )
    return [name for (name,) in found]
