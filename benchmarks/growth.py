"""Growth: the same requests with a hundred times as many orders."""

import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import httpx
import psycopg
from psycopg import sql

from benchmarks import targets
from benchmarks.fixture import Fixture
from benchmarks.load import generate_load
from benchmarks.results import Spread
from benchmarks.servers import WAYBILL
from benchmarks.shop import seller_headers
from benchmarks.workloads import Workload, read

MANY = 1_000_000
_PAGES = 1000
_LIMIT = 20
_ROUNDS = 3
_GROWN = replace(WAYBILL, database="waybill_grown")
_SELLER, _FAR, _CURSOR, _FAR_CURSOR = "seller", "seller far", "cursor", "cursor far"

# Expressions for the columns that differ from the original row. `copy` is the number of the copy;
# a table's name stands for its stride, which exceeds every pk of the table.
_COPIES = {
    "users": {"email": "'g' || copy || email", "email_key": "'g' || copy || email_key"},
    "user_emails": {
        "email_key": "'g' || copy || email_key",
        "user_pk": "user_pk + copy * {users}",
    },
    "addresses": {
        "user_pk": "user_pk + copy * {users}",
        "content_hash": "md5('g' || copy || content_hash)",
    },
    "orders": {
        "user_pk": "user_pk + copy * {users}",
        "number": "'g' || copy || number",
        "created_date": "created_date - copy * interval '1 minute'",
        "shipping_address_pk": "shipping_address_pk + copy * {addresses}",
        "billing_address_pk": "billing_address_pk + copy * {addresses}",
    },
    "order_numbers": {
        "number": "'g' || copy || number",
        "user_pk": "user_pk + copy * {users}",
        "order_pk": "order_pk + copy * {orders}",
    },
    "order_items": {
        "order_pk": "order_pk + copy * {orders}",
        "user_pk": "user_pk + copy * {users}",
    },
    "seller_orders": {
        "user_pk": "user_pk + copy * {users}",
        "shipping_address_pk": "shipping_address_pk + copy * {addresses}",
        "billing_address_pk": "billing_address_pk + copy * {addresses}",
        "order_pk": "order_pk + copy * {orders}",
        "number": "'g' || copy || number",
        "number_folded": "'g' || copy || number_folded",
        "date_placed": "date_placed - copy * interval '1 minute'",
    },
}
_WITHOUT_PK = frozenset({"user_emails", "order_numbers"})


def growth(fixture: Fixture, seconds: int) -> dict[str, Spread]:
    """The figures for the growth targets: one connection, small and grown database alternately."""
    name = _GROWN.template
    fixture.postgres.create(name, WAYBILL.template)
    with psycopg.connect(fixture.postgres.url(name), autocommit=True) as connection:
        _multiply(connection, MANY)
    fixture.postgres.vacuum(name)
    p50: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(_ROUNDS):
        for server in (WAYBILL, _GROWN):
            # Copied once, since a copy takes as long as a round.
            with fixture.running(
                server, fresh=(server.database, "list page") not in p50
            ) as started:
                for workload in _workloads(fixture, started.base_url, is_grown=server is _GROWN):
                    generate_load(started.base_url, workload, 1, 1)
                    load = generate_load(started.base_url, workload, seconds, 1)
                    p50[server.database, workload.name].append(load.p50)
    median = {key: statistics.median(values) for key, values in p50.items()}
    return {name: Spread.of([figure]) for name, figure in _figures(fixture, median).items()}


def _figures(fixture: Fixture, p50: dict[tuple[str, str], float]) -> dict[str, float]:
    small, grown = WAYBILL.database, _GROWN.database
    workloads = {
        targets.GROWN_LIST: fixture.workloads.reads[0].name,
        targets.GROWN_DETAIL: fixture.workloads.reads[1].name,
        targets.GROWN_SELLER: _SELLER,
    }
    figures = {target: p50[grown, name] / p50[small, name] for target, name in workloads.items()}
    figures[targets.FAR_PAGE] = p50[grown, _FAR] / p50[grown, _SELLER]
    figures[targets.FAR_CURSOR] = p50[grown, _FAR_CURSOR] / p50[grown, _CURSOR]
    return figures


def _workloads(fixture: Fixture, base_url: str, *, is_grown: bool) -> Iterator[Workload]:
    yield from fixture.workloads.reads[:2]
    headers = seller_headers(fixture.shop.busiest_seller.token)
    path = f"/api/i1/orders/?limit={_LIMIT}"
    yield read(_SELLER, path, headers)
    if is_grown:
        yield read(_FAR, f"{path}&page={_PAGES}", headers)
        yield read(_CURSOR, f"{path}&cursor=", headers)
        yield read(_FAR_CURSOR, _follow(base_url, f"{path}&cursor=", headers), headers)


def _follow(base_url: str, path: str, headers: dict[str, str]) -> str:
    """Follow the links to the next page; return the path of page ``_PAGES``."""
    with httpx.Client(base_url=base_url, headers=headers, timeout=60) as client:
        for _ in range(_PAGES - 1):
            path = client.get(path).raise_for_status().json()["next"]
    return path.removeprefix(base_url)


def _multiply(connection: psycopg.Connection, orders: int) -> None:
    """Copy the rows within the database until it has ``orders`` orders."""
    row = connection.execute("SELECT count(*) FROM orders").fetchone()
    copies = -(-orders // (row[0] if row else 1)) - 1
    # Without foreign key checks: copies refer to existing rows or to copies.
    connection.execute("SET session_replication_role = replica")
    strides = {
        table: _highest(connection, table) + 1 for table in _COPIES if table not in _WITHOUT_PK
    }
    for table, changed in _COPIES.items():
        names = _columns(connection, table)
        values = {"uuid": "gen_random_uuid()"}
        if table in strides:
            values["pk"] = f"pk + copy * {strides[table]}"
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
    # The sums by seller and status are right; the slot of an order makes no difference.
    connection.execute("UPDATE seller_order_counts SET orders = orders * %s", [copies + 1])


def _highest(connection: psycopg.Connection, table: str) -> int:
    statement = sql.SQL("SELECT max(pk) FROM {}").format(sql.Identifier(table))
    row = connection.execute(statement).fetchone()
    return row[0] if row else 0


def _columns(connection: psycopg.Connection, table: str) -> list[str]:
    """The columns of a table without generated ones."""
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND table_schema = 'public' AND is_generated = 'NEVER'",
        [table],
    )
    return [name for (name,) in rows]
