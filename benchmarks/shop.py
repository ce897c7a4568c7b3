"""Fills Waybill's database, and reads the peers' data through Waybill's API."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg

from benchmarks import waybill
from benchmarks.documents import make_histories
from domain.accounts.sessions import session_value
from domain.sellers.callers import Scope
from domain.sellers.tokens import create_seller_token
from handlers.auth.session_cookies import new_csrf_token
from handlers.database import open_database
from handlers.demo_shop.catalogue import SELLERS
from handlers.settings import Settings

SEED = 7
_PAGE = 100
_SELLER_PAGE = 500


@dataclass(frozen=True)
class SellerAccess:
    """A seller's pk and the value of a token."""

    pk: int
    token: str


@dataclass
class Shop:
    """The content of Waybill's database as its API shows it, and the credentials to read it.

    ``users`` are (pk, e-mail, session): the reader, the writer, then all others.
    ``sold_items`` are (pk of the seller, UUID) by the pk of an item with a seller.
    """

    users: list[tuple[int, str, str]]
    sellers: list[SellerAccess]
    reasons: list[Any] = field(default_factory=list)
    orders: list[Any] = field(default_factory=list)
    old_orders: list[Any] = field(default_factory=list)
    seller_orders: list[tuple[int, Any]] = field(default_factory=list)
    sold_items: dict[int, tuple[int, str]] = field(default_factory=dict)

    @property
    def reader_session(self) -> str:
        return self.users[0][2]

    @property
    def writer_session(self) -> str:
        return self.users[1][2]

    @property
    def writer_csrf_token(self) -> str:
        """The CSRF token of the writer's session."""
        return new_csrf_token(self.writer_session, Settings(secret=waybill.SECRET))

    @property
    def cancel_reason(self) -> int:
        """The pk of a reason that applies to any item."""
        return int(
            next(
                reason["pk"]
                for reason in self.reasons
                if reason["cancellation_type"] == "cancel"
                and reason["is_active"]
                and not reason["extra_information_needed"]
            )
        )

    @property
    def busiest_seller(self) -> SellerAccess:
        """The seller with the most orders."""
        counts = Counter(pk for pk, _ in self.seller_orders)
        return max(self.sellers, key=lambda seller: counts[seller.pk])

    @cached_property
    def orders_of(self) -> Mapping[int, list[int]]:
        """The pks of each user's orders, by the user's pk."""
        pks: dict[int, list[int]] = defaultdict(list)
        for order in self.orders:
            pks[order["user"]].append(order["pk"])
        return pks

    @property
    def cancellable_items(self) -> list[int]:
        """The pks of the writer's items; adjacent ones are of different orders."""
        own = [order for order in self.orders if order["user"] == self.users[1][0]]
        turns = zip(*(order["orderitem_set"] for order in own), strict=True)
        return [item["pk"] for turn in turns for item in turn if item["is_cancellable"]]


def fill_waybill(url: str, folder: Path, orders: int, supply: int) -> Shop:
    """Migrate the empty database and import the shop; `read_shop` reads the content."""
    waybill.run(url, "migrate")
    emails = _import(url, folder, orders, supply)
    with psycopg.connect(url) as connection:
        users = _open_sessions(connection, emails)
    return Shop(users, _tokens(url))


def read_shop(shop: Shop, base_url: str) -> None:
    """Read the objects of all users and sellers from the running server into ``shop``."""
    with httpx.Client(base_url=base_url, timeout=60) as client:
        for pk, _, session in shop.users:
            cookie = {"Cookie": f"sessionid={session}"}
            shop.orders += _pages(client, f"/users/orders/?limit={_PAGE}", cookie)
            shop.old_orders += _pages(client, f"/users/old-orders/?limit={_PAGE}", cookie)
            if not shop.reasons:
                path = f"/users/orders/cancellation_reasons/?limit={_PAGE}"
                shop.reasons = list(_pages(client, path, cookie))
            if not shop.orders or shop.orders[-1]["user"] != pk:
                raise RuntimeError(f"user {pk} has no orders")
        for seller in shop.sellers:
            headers = seller_headers(seller.token)
            path = f"/api/i1/orders/?cursor=&limit={_SELLER_PAGE}"
            rows = _pages(client, path, headers)
            shop.seller_orders += [(seller.pk, row) for row in rows]


def read_sold_items(shop: Shop, url: str) -> None:
    """Read the items of sellers from the database, since no single response has them."""
    statement = """
        SELECT pk, seller_pk, uuid::text FROM order_items
        WHERE pk = ANY(%s) AND seller_pk IS NOT NULL
    """
    with psycopg.connect(url) as connection:
        for pk, seller, uuid in connection.execute(statement, [shop.cancellable_items]):
            shop.sold_items[pk] = seller, uuid


def seller_headers(token: str) -> dict[str, str]:
    """The headers of a seller's requests."""
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def _pages(client: httpx.Client, path: str, headers: dict[str, str]) -> Iterator[Any]:
    next_url: str | None = path
    while next_url:
        page = client.get(next_url, headers=headers).raise_for_status().json()
        yield from page["results"]
        next_url = page["next"]


def _import(url: str, folder: Path, orders: int, supply: int) -> list[str]:
    """Import all documents; return the shoppers' e-mail addresses in order."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    histories = list(make_histories(orders, supply, SEED, today))
    for kind, rows in {
        "orders": (row for history in histories for row in history.orders),
        "old-orders": (row for history in histories for row in history.old_orders),
    }.items():
        file = folder / f"{kind}.ndjson"
        _write_lines(file, rows)
        waybill.run(url, "import", kind, str(file))
    return [history.shopper.email for history in histories]


def _write_lines(file: Path, documents: Iterable[Any]) -> None:
    with file.open("wb") as lines:
        for document in documents:
            lines.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))


def _open_sessions(
    connection: psycopg.Connection, emails: Iterable[str]
) -> list[tuple[int, str, str]]:
    """A session for each shopper, with a predictable key."""
    pks: dict[str, int] = dict(connection.execute("SELECT email, pk FROM users").fetchall())
    users = [
        (pks[email], email, session_value(pks[email], "benchmark".ljust(32, "0")))
        for email in emails
    ]
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO sessions (id_hash, user_pk, created_date, expires_date)"
            " VALUES (%s, %s, %s, %s)",
            [
                (sha256(session.encode()).digest(), pk, now, now + timedelta(days=30))
                for pk, _, session in users
            ],
        )
    return users


def _tokens(url: str) -> list[SellerAccess]:
    """A token for each seller with orders."""
    database = open_database(Settings(secret=waybill.SECRET, database_url=url))
    scopes, lifetime = list(Scope), timedelta(days=30)
    accesses = []
    with database.writing() as uow:
        slugs = dict.fromkeys(s["slug"] for s in SELLERS.values())
        for seller in filter(None, map(uow.sellers.by_slug, slugs)):
            _, value = create_seller_token(seller.slug, "benchmarks", scopes, lifetime, uow)
            accesses.append(SellerAccess(seller.pk, value))
    database.close()
    return accesses
