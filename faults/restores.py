"""A backup is restored while clients read: no response may show the state before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from time import sleep

import httpx

from domain.orders.orders import Order
from faults.environment import Environment
from faults.findings import Finding
from faults.scale import Scale
from faults.threads import running
from tests.support.builders import make_item, make_seller
from tests.support.restored_backups import back_up
from tests.support.server import Server

Readers = dict[str, dict[str, str]]
"""Request headers by path."""

REQUIREMENT = "0 stale responses afterwards, without a restart"
_WORKERS = 2
_ORDERS = 6
_READERS = 1
_PAUSE_SECONDS = 0.02
# Requests for each page, to reach every worker: each has a cache.
_TIMES = 4 * _WORKERS


def check(environment: Environment, scale: Scale) -> Finding:
    """Change orders, restore the backup, and change them differently, repeatedly."""
    customer = environment.customer()
    seller = make_seller()
    orders = [
        environment.shop.order(customer.user, items=[make_item(seller=seller)], notes="backed up")
        for _ in range(_ORDERS)
    ]
    readers = {
        "/users/orders/": customer.headers,
        "/api/i1/orders/": environment.seller_headers(seller),
    }
    restore = back_up(environment.url)
    failures: list[str] = []
    restored = 0
    with (
        environment.serve(workers=_WORKERS) as server,
        _reading(environment, server, readers, failures),
    ):
        for number in range(scale.restores):
            for change in (f"lost {number}", None, f"instead {number}"):
                if change is None:
                    restore()
                else:
                    _change(environment, orders, change)
                failures += _stale(environment, server, readers, change or "backed up")
            restore()
            restored += 1
    return Finding(
        title="backup restored under readers",
        database=environment.kind,
        count=restored,
        required=scale.restores,
        requirement=REQUIREMENT,
        figures={
            "pages compared": 3 * restored * _TIMES * len(readers),
            "orders on a page": _ORDERS,
        },
        failures=tuple(failures),
    )


def _change(environment: Environment, orders: list[Order], notes: str) -> None:
    for order in orders:
        with environment.database.writing() as uow:
            [locked] = uow.orders.lock_by_items([order.items[0].pk], None)
            locked.notes = notes
            uow.commit()


def _stale(
    environment: Environment, server: Server, readers: Readers, expected: str
) -> Iterator[str]:
    """Yield the pages on which not all orders have the expected notes."""
    for path, headers in readers.items():
        for _ in range(_TIMES):
            with environment.client(server, headers) as client:  # a new connection, to any worker
                response = client.get(path)
            if response.status_code != httpx.codes.OK:
                yield f"{path}: {response.status_code}"
                continue
            seen = {order["notes"] for order in response.json()["results"]}
            if seen != {expected}:
                yield f"{path} shows {sorted(seen)} instead of {expected}"


@contextmanager
def _reading(
    environment: Environment, server: Server, readers: Readers, failures: list[str]
) -> Iterator[None]:
    """Run readers during the block, so that the restore happens under reads."""
    ended = Event()

    def read(path: str) -> None:
        with environment.client(server, readers[path]) as client:
            while not ended.is_set():
                status = client.get(path).status_code
                if status not in {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}:
                    failures.append(f"concurrent read of {path}: {status}")
                sleep(_PAUSE_SECONDS)

    with running([partial(read, path) for path in readers for _ in range(_READERS)], ended.set):
        yield
