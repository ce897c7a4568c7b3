"""All database connections wait for a lock: further requests get 503 with Retry-After soon."""

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

REQUIREMENT = "503 with Retry-After within 2.5 s; blocked and new requests succeed after the lock"
_SECONDS = 2.5
_RECOVERY_SECONDS = 1.0
_CONNECTIONS = 2


def check(environment: Environment, scale: Scale) -> Finding:
    """Block both connections of a server that has more threads than connections."""
    customer = environment.customer()
    settings = {
        "WAYBILL_DATABASE_POOL_SIZE": str(_CONNECTIONS),
        "WAYBILL_THREADS": str(4 * _CONNECTIONS),
    }
    with environment.serve(workers=1, **settings) as server:
        sent = _request(environment, customer)
        blocked, waiting, recovered = asyncio.run(
            _exhaust(environment, server.port, sent, scale.waiting_requests)
        )
    slowest = max(refused.seconds for refused in waiting)
    failures = [
        *_failures(waiting, _SECONDS * scale.time_factor),
        *(
            f"a blocked request got {request_.response.status}"
            for request_ in blocked
            if not _is_good(request_)
        ),
    ]
    if not _is_good(recovered) or recovered.seconds > _RECOVERY_SECONDS * scale.time_factor:
        failures.append(
            f"{recovered.response.status} after {recovered.seconds:.1f} s after the lock"
        )
    environment.errors |= {refused.response.body for refused in waiting}
    figures = {"slowest 503 s": slowest, "recovered s": recovered.seconds}
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
    """A request that the lock blocks: a read on PostgreSQL, a write on SQLite."""
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
        await asyncio.sleep(0.3)  # until they hold their connections
        waiting = await exchange_all(port, [sent] * count)
    started = monotonic()
    blocked = await asyncio.gather(*first)
    recovered = await exchange(port, request("GET", "/readyz", {}))
    return blocked, waiting, TimedResponse(recovered.response, monotonic() - started)


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


def _failures(waiting: list[TimedResponse], timeout: float) -> Iterator[str]:
    statuses = Counter(timed.response.status for timed in waiting)
    if statuses.keys() != {503}:
        yield f"the statuses are {dict(statuses)}"
    if late := sum(timed.seconds > timeout for timed in waiting):
        yield f"{late} waited longer than {timeout} s"
    responses = [timed.response for timed in waiting]
    if missing := sum("retry-after" not in response.headers for response in responses):
        yield f"{missing} have no Retry-After"


def _is_good(timed: TimedResponse) -> bool:
    """Whether the request was processed; on SQLite, the second gets 406 after the first's 200."""
    return timed.response.status in {200, 406}
