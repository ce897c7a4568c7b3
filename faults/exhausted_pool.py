"""All connections to the database are held up: who waits behind them is told soon to come again."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic

import psycopg

from faults.environment import Customer, Environment
from faults.findings import Finding
from faults.raw_client import TimedResponse, exchange, exchange_all, request
from faults.scale import Scale
from tests.support.builders import make_lines

REQUIREMENT = (
    "503 with Retry-After within 2.5 s; those before them answered, and all served, once it ends"
)
_SECONDS = 2.5
_HEALED_SECONDS = 1.0
_CONNECTIONS = 2


def check(environment: Environment, scale: Scale) -> Finding:
    """Two connections, both held up by a lock, with more threads than connections."""
    customer = environment.customer()
    settings = {
        "WAYBILL_DATABASE_POOL_SIZE": str(_CONNECTIONS),
        "WAYBILL_THREADS": str(4 * _CONNECTIONS),
    }
    with environment.serve(workers=1, **settings) as server:
        sent = _request(environment, customer)
        held, waiting, healed = asyncio.run(
            _exhaust(environment, server.port, sent, scale.waiting_requests)
        )
    slowest = max(each.seconds for each in waiting)
    failures = [
        *_wrong(waiting, _SECONDS * scale.time_factor),
        *(
            f"a request before them got {each.response.status}"
            for each in held
            if not _is_good(each)
        ),
    ]
    if not _is_good(healed) or healed.seconds > _HEALED_SECONDS * scale.time_factor:
        failures.append(f"{healed.response.status} after {healed.seconds:.1f} s when it was over")
    environment.errors |= {each.response.body for each in waiting}
    figures = {"slowest 503 s": slowest, "healed s": healed.seconds}
    return Finding(
        "pool exhausted",
        environment.kind,
        len(waiting),
        scale.waiting_requests,
        REQUIREMENT,
        figures,
        tuple(failures),
    )


def _request(environment: Environment, customer: Customer) -> bytes:
    """What the lock holds up: a read of PostgreSQL, a write of SQLite, whose readers never wait."""
    order = environment.shop.order(customer.user, items=make_lines(1, 1000))
    if environment.kind == "postgres":
        return request("GET", f"/users/orders/{order.pk}/", customer.headers)
    draft = {
        "order_item": order.items[0].pk,
        "reason": environment.shop.reason().pk,
        "cancellation_type": "cancel",
        "quantity": 1,
    }
    return request("POST", "/users/orders/cancellation_requests/", customer.headers, draft)


async def _exhaust(
    environment: Environment, port: int, sent: bytes, count: int
) -> tuple[list[TimedResponse], list[TimedResponse], TimedResponse]:
    with _locked(environment):
        first = [asyncio.create_task(exchange(port, sent)) for _ in range(_CONNECTIONS)]
        await asyncio.sleep(0.3)  # until they are at work
        waiting = await exchange_all(port, [sent] * count)
    began = monotonic()
    held = await asyncio.gather(*first)
    healed = await exchange(port, request("GET", "/readyz", {}))
    return held, waiting, TimedResponse(healed.response, monotonic() - began)


@contextmanager
def _locked(environment: Environment) -> Iterator[None]:
    if environment.kind == "postgres":
        with psycopg.connect(environment.url) as connection:
            connection.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            yield
        return
    file = environment.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


def _wrong(waiting: list[TimedResponse], timeout: float) -> Iterator[str]:
    statuses = Counter(each.response.status for each in waiting)
    if statuses.keys() != {503}:
        yield f"the statuses are {dict(statuses)}"
    if late := sum(each.seconds > timeout for each in waiting):
        yield f"{late} waited longer than {timeout} s"
    if rude := sum("retry-after" not in each.response.headers for each in waiting):
        yield f"{rude} were not told when to come again"


def _is_good(timed: TimedResponse) -> bool:
    """Whether it was worked on; on SQLite, the second of two finds the first one's request."""
    return timed.response.status in {200, 406}
