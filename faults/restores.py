"""A backup is put back while clients read: all that is shown then is what is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import sleep

import httpx

from domain.orders.orders import Order
from faults.environment import Environment
from faults.findings import Finding
from faults.scale import Scale
from tests.support.builders import make_item, make_seller
from tests.support.restored_backups import back_up
from tests.support.server import Server

Readers = dict[str, dict[str, str]]
"""Headers, by the path that is read with them."""

REQUIREMENT = "0 stale answers after it, without a restart; heals alone"
_WORKERS = 2
_ORDERS = 6
_READERS = 1
_PAUSE_SECONDS = 0.02
# So often each is asked, to reach every worker: all of them remember.
_TIMES = 4 * _WORKERS


def check(environment: Environment, scale: Scale) -> Finding:
    """Change orders, put the backup back, and change them another way, so many times."""
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
    put_back = back_up(environment.url)
    failures: list[str] = []
    restored = 0
    with (
        environment.serve(workers=_WORKERS) as server,
        _reading(environment, server, readers, failures),
    ):
        for number in range(scale.restores):
            for change in (f"lost {number}", None, f"instead {number}"):
                if change is None:
                    put_back()
                else:
                    _change(environment, orders, change)
                failures += _stale(environment, server, readers, change or "backed up")
            put_back()
            restored += 1
    return Finding(
        title="a backup is put back",
        database=environment.kind,
        count=restored,
        required=scale.restores,
        requirement=REQUIREMENT,
        figures={"pages compared": 3 * restored * _TIMES * len(readers), "orders on each": _ORDERS},
        failures=tuple(failures),
    )


def _change(environment: Environment, orders: list[Order], notes: str) -> None:
    for each in orders:
        with environment.database.writing() as uow:
            [order] = uow.orders.lock_by_items([each.items[0].pk], None)
            order.notes = notes
            uow.commit()


def _stale(
    environment: Environment, server: Server, readers: Readers, expected: str
) -> Iterator[str]:
    """Yield how pages differ from what every order of theirs has to show."""
    for path, headers in readers.items():
        for _ in range(_TIMES):
            with environment.client(server, headers) as client:  # a new connection: any worker's
                response = client.get(path)
            if response.status_code != httpx.codes.OK:
                yield f"{path}: {response.status_code}"
                continue
            seen = {each["notes"] for each in response.json()["results"]}
            if seen != {expected}:
                yield f"{path} shows {sorted(seen)} instead of {expected}"


@contextmanager
def _reading(
    environment: Environment, server: Server, readers: Readers, failures: list[str]
) -> Iterator[None]:
    """Let others read all the time, so that what is put back meets readers at work."""
    ended = Event()

    def read(path: str, headers: dict[str, str]) -> None:
        with environment.client(server, headers) as client:
            while not ended.is_set():
                status = client.get(path).status_code
                if status not in {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}:
                    failures.append(f"beside, {path}: {status}")
                sleep(_PAUSE_SECONDS)

    threads = [Thread(target=read, args=each) for each in readers.items() for _ in range(_READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
