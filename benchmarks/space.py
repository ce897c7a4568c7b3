"""How many bytes an order takes on PostgreSQL, by table: `python -m benchmarks.space`.

Needs the requirements of the tests, for their PostgreSQL. Stores the demo shop, reads all orders in
one language and then in the other, as shoppers do, and prints Markdown tables.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from benchmarks.postgres import Postgres, postgres
from domain.accounts.callers import Caller
from domain.accounts.users import UserType
from domain.orders.old_orders import OldOrderFilters, list_old_orders
from domain.orders.orders import OrderFilters, list_user_orders
from domain.shared.paging import PageRequest
from handlers.app import create_app, database_of
from handlers.cli.demo_shop_loader import SeededShopper, seed_demo_shop
from handlers.database import open_database
from handlers.settings import Settings
from persistence.database import Database

_LANGUAGES = ("en-us", "tr-tr")
_SECRET = "benchmarks sign nothing of value"  # noqa: S105 - no secret
_PAGE = PageRequest(1, 100)
_OLD = "old_order"
_SHOWN = 15  # bytes per order; smaller tables are one row of the result
_TABLES = """
    SELECT relname, reltuples, pg_total_relation_size(oid), pg_indexes_size(oid),
        CASE WHEN reltoastrelid = 0 THEN 0 ELSE pg_total_relation_size(reltoastrelid) END
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    ORDER BY 3 DESC
"""
_INDEXES = """
    SELECT i.relname, pg_relation_size(i.oid) FROM pg_class i
    WHERE i.relkind = 'i' AND i.relnamespace = 'public'::regnamespace ORDER BY 2 DESC
"""


@dataclass(frozen=True, slots=True)
class Table:
    """The sizes of a table in bytes; ``rows`` is PostgreSQL's estimate after VACUUM."""

    name: str
    rows: float
    total: int
    indexes: int
    toast: int


def main() -> None:
    """Fill a new database and print what its orders take."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1500)
    parser.add_argument("--orders-per-user", type=int, default=5)
    parser.add_argument("--naptime", type=int, default=1, help="Seconds between autovacuums.")
    parser.add_argument("--indexes", action="store_true", help="List the indexes, too.")
    options = parser.parse_args()
    with TemporaryDirectory() as folder, postgres(Path(folder)) as server:
        _vacuum_often(server, options.naptime)
        url = fill(server, options.users, options.orders_per_user)
        print_tables(url, with_indexes=options.indexes)


def _vacuum_often(server: Postgres, seconds: int) -> None:
    """Have autovacuum look for dead rows more often: a shop grows in years, this one in minutes."""
    set_naptime = sql.SQL("ALTER SYSTEM SET autovacuum_naptime = {}").format(seconds)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET autovacuum = on")
        connection.execute(set_naptime)
        connection.execute("SELECT pg_reload_conf()")


def fill(server: Postgres, users: int, orders_per_user: int) -> str:
    """Create a database with the demo shop and all documents in both languages; return its URL."""
    server.create("space")
    url = server.url("space")
    settings = Settings(secret=_SECRET, database_url=url)
    database = open_database(settings)
    database.migrate()
    shoppers = list(seed_demo_shop(database, users, orders_per_user, 1))
    database.close()
    database = database_of(create_app(settings))
    for language in _LANGUAGES:
        for shopper in shoppers:
            _read(database, shopper, language)
    database.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return url


def _read(database: Database, shopper: SeededShopper, language: str) -> None:
    """Read all orders of a shopper, so that their documents are stored."""
    user_pk = shopper.user.pk
    if shopper.user.user_type is UserType.GUEST:
        for pk in shopper.orders.values():
            with database.reading() as uow:
                uow.orders.document(user_pk, pk, language)
    else:
        caller = Caller(user_pk, is_guest=False)
        with database.reading() as uow:
            list_user_orders(caller, OrderFilters(), _PAGE, language, uow)
        with database.reading() as uow:
            list_old_orders(caller, OldOrderFilters(), _PAGE, language, uow)
    database.finish_background()


def print_tables(url: str, *, with_indexes: bool) -> None:
    """Bytes per order and per old order, as Markdown."""
    with psycopg.connect(url) as connection:
        counts = {table: _count(connection, table) for table in ("orders", "old_orders")}
        tables = [Table(*row) for row in connection.execute(_TABLES)]
        indexes = connection.execute(_INDEXES).fetchall() if with_indexes else []
    for name, count in counts.items():
        own = [table for table in tables if table.name.startswith(_OLD) is (name == "old_orders")]
        print_sizes(name, count, own)
    for index, size in indexes:
        print(f"{index}: {size / counts['orders']:.1f}")


def print_sizes(name: str, count: int, tables: Iterable[Table]) -> None:
    """The tables of one kind of order: the larger ones, the rest, and the sum."""
    print(f"\n| {count} {name}, bytes of one | rows | total | heap | indexes | TOAST |")
    print("|---|---|---|---|---|---|")
    tables = list(tables)
    large = [table for table in tables if table.total / count >= _SHOWN]
    for table in large:
        print(_line(table.name, f"{table.rows / count:.2f} ", count, [table]))
    print(_line("all others", "", count, [table for table in tables if table not in large]))
    print(_line("**together**", "", count, tables))


def _line(name: str, rows: str, count: int, tables: Sequence[Table]) -> str:
    total, indexes, toast = (
        sum(getattr(table, size) for table in tables) / count
        for size in ("total", "indexes", "toast")
    )
    sizes = (total, total - indexes - toast, indexes, toast)
    return f"| {name} | {rows}| " + " | ".join(f"{size:.0f}" for size in sizes) + " |"


def _count(connection: psycopg.Connection, table: str) -> int:
    counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    row = connection.execute(counted).fetchone()
    return row[0] if row else 0


if __name__ == "__main__":
    main()
