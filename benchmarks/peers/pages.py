"""The stored pages of the baseline."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import psycopg

from benchmarks.peers.rows import Rows, create_tables, store_rows
from benchmarks.shop import Shop

_TABLE = """
CREATE TABLE pages (
    owner bigint NOT NULL,
    path text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (owner, path)
)
"""
_KNOWN = ("users", "sessions", "sellers", "seller_tokens")
_SHOWN = 12


def store_pages(url: str, shop: Shop, rows: Rows, served: Mapping[tuple[int, str], bytes]) -> None:
    """Fill the empty database: credentials, every order's document and every user's first page.

    ``served`` are responses of Waybill by owner (negated pks of sellers) and path.
    """
    create_tables(url)
    known = Rows()
    known.by_table.update({name: rows.by_table[name] for name in _KNOWN})
    store_rows(url, known)
    pages = dict(_pages(shop)) | dict(served)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(_TABLE)
        with cursor.copy("COPY pages FROM STDIN") as copy:
            for (owner, path), body in pages.items():
                copy.write_row((owner, path, body))


def _pages(shop: Shop) -> Iterator[tuple[tuple[int, str], bytes]]:
    by_user: dict[int, list[Any]] = defaultdict(list)
    for order in shop.orders:
        by_user[order["user"]].append(order)
        yield (order["user"], f"/users/orders/{order['pk']}/"), orjson.dumps(order)
    for user, orders in by_user.items():
        page = {"count": len(orders), "next": None, "previous": None, "results": orders[:_SHOWN]}
        yield (user, f"/users/orders/?limit={_SHOWN}"), orjson.dumps(page)
