"""PgBouncer between server and PostgreSQL: no mode gives a caller another caller's data."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import orjson
import psycopg

from faults.debian import ProgramUnavailable
from faults.environment import Environment
from faults.findings import Finding
from faults.pgbouncer import (
    SESSION,
    TRANSACTION,
    PgBouncer,
    running_pgbouncer,
)
from faults.raw_client import KEEP_ALIVE, Connection, exchange_sync, request
from faults.scale import Scale
from faults.writers import Writers, make_work
from tests.edge.exchange import RawResponse
from tests.support.builders import make_item, make_seller
from tests.support.processes import wait_until
from tests.support.server import Server

REQUIREMENT = (
    "0 responses of others, 0 × 5xx and no setting left on a connection in supported modes; an"
    " unsupported one prevents the start"
)
_CUSTOMERS = 16
_ORDERS = 3
_SELLERS = 4
_CLIENTS = 8
_WORKERS = 2
_CONNECTIONS = 4  # of a worker, for each of its two pools
_FEW = 4  # server connections
_ENOUGH = 40
_REFUSES_SECONDS = 60
# Without cached documents, so that each response is read from the database.
_ENV = {
    "WAYBILL_DATABASE_POOL_SIZE": str(_CONNECTIONS),
    "WAYBILL_DOCUMENT_MEMORY_MIB": "0",
}
_SESSION_SETTINGS = ("synchronous_commit", "lock_timeout", "plan_cache_mode", "statement_timeout")
_SETTINGS_QUERY = "SELECT " + ", ".join(f"current_setting('{name}')" for name in _SESSION_SETTINGS)
_SETTING = {"WAYBILL_DATABASE_POOLER": "transaction"}
# Disables the check that refuses to serve in transaction mode without the setting.
_UNCHECKED = """
import persistence.readiness
persistence.readiness.is_shared = lambda url: False
from handlers.cli.main import cli; cli()
"""


@dataclass(frozen=True)
class _Mode:
    """A configuration of PgBouncer and of the server that uses it."""

    name: str
    pool_mode: str
    size: int
    env: Mapping[str, str] = field(default_factory=dict)
    is_supported: bool = True


_MODES = (
    _Mode("sessions", SESSION, _ENOUGH),
    _Mode("sessions, with the setting", SESSION, _ENOUGH, _SETTING),
    _Mode("transactions, with the setting", TRANSACTION, _FEW, _SETTING),
    _Mode("transactions, unchecked", TRANSACTION, _FEW, is_supported=False),
)


@dataclass(frozen=True)
class _Probe:
    """A request, and the content of the right response: the caller's own objects."""

    sent: bytes
    content: Callable[[RawResponse], object]
    expected: object


class _Results:
    """The responses in all modes."""

    def __init__(self) -> None:
        self.compared = 0
        self.written = 0
        self.connections = 0
        self.statuses: dict[str, Counter[int]] = {}
        self.failures: list[str] = []

    def add(self, mode: _Mode, probe: _Probe, response: RawResponse) -> None:
        """Compare a response with the expected content."""
        self.statuses.setdefault(mode.name, Counter())[response.status] += 1
        if response.status == 200:
            self.compared += mode.is_supported
            if probe.content(response) != probe.expected:
                self.failures.append(f"{mode.name}: a response has another's objects")
        elif mode.is_supported or response.status != 503:
            self.failures.append(f"{mode.name}: {response.status}")

    def add_leaks(self, mode: _Mode, leaks: Sequence[str]) -> None:
        """Add what the server left set on connections that others get next."""
        self.connections += mode.size
        self.failures += [f"{mode.name}: {leak}" for leak in leaks]

    def add_writes(self, mode: _Mode, writers: Writers) -> None:
        """Add the responses to the clients that wrote at the same time."""
        log = writers.log
        self.written += len(log.acknowledged)
        refused = log.writes[503] + log.reads[503]
        if refused:
            self.failures.append(f"{mode.name}: 503 to concurrent writers, {refused} times")
        self.failures += [f"{mode.name}: {failure}" for failure in log.failures]
        self.failures += writers.lost_or_duplicated()

    def figures(self) -> dict[str, str | int]:
        """The number of responses of each status, by mode."""
        return {
            name: " ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))
            for name, statuses in self.statuses.items()
        }


def check(environment: Environment, scale: Scale) -> Finding:
    """Send the same requests in all modes, one after the other, on one database."""
    results = _Results()
    try:
        probes = _probes(environment)
        for mode in _MODES:
            with _behind(environment, mode) as (pooler, own):
                if not mode.is_supported:
                    results.failures += _not_refused(own, pooler)
                repeated = list(islice(cycle(probes), scale.pooled_responses))
                _send_all(environment, own, mode, repeated, results)
                if mode.is_supported:
                    results.add_leaks(mode, _leaks(pooler, environment, mode.size))
    except ProgramUnavailable as error:
        results.failures.append(str(error))
    unsupported = results.statuses.get(_MODES[-1].name, Counter())
    if results.statuses and not unsupported[503]:
        results.failures.append(
            "unchecked mode: no statement collided with another client's, so nothing was shown"
        )
    return Finding(
        title="PgBouncer",
        database=environment.kind,
        count=results.compared,
        required=3 * scale.pooled_responses,
        requirement=REQUIREMENT,
        figures=results.figures()
        | {"written": results.written, "connections searched for SET": results.connections},
        failures=tuple(results.failures),
    )


def _leaks(pooler: PgBouncer, environment: Environment, size: int) -> list[str]:
    """Return the settings that differ from the server's on any of the pooler's connections.

    As many clients as there are server connections get all of them, each in a transaction.
    """
    with psycopg.connect(environment.url) as connection:
        expected = _session_settings(connection)
    with ExitStack() as stack:
        clients = [
            stack.enter_context(psycopg.connect(pooler.url, prepare_threshold=None))
            for _ in range(size)
        ]
        found = [_session_settings(client) for client in clients]
    return [
        f"{name} = {value} stays set"
        for settings in found
        for name, value in settings.items()
        if value != expected[name]
    ]


def _session_settings(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """The settings that Waybill changes, which begins a transaction."""
    [row] = connection.execute(_SETTINGS_QUERY).fetchall()
    return dict(zip(_SESSION_SETTINGS, row, strict=True))


@contextmanager
def _behind(environment: Environment, mode: _Mode) -> Iterator[tuple[PgBouncer, Environment]]:
    with (
        running_pgbouncer(environment.url, mode.pool_mode, mode.size) as pooler,
        environment.beside(pooler.url) as own,
    ):
        yield pooler, own


def _send_all(
    environment: Environment,
    own: Environment,
    mode: _Mode,
    probes: Sequence[_Probe],
    results: _Results,
) -> None:
    """Send all requests; in supported modes, another client writes at the same time."""
    if mode.is_supported:
        work = make_work(environment, len(probes))
        with own.serve(workers=_WORKERS, **_ENV, **mode.env) as server:
            writers = Writers(environment, server, work)
            with writers.running(1):
                responses = asyncio.run(_responses(server.port, probes))
        results.add_writes(mode, writers)
    else:
        with _serving_unchecked(own) as server:
            responses = asyncio.run(_responses(server.port, probes))
    own.errors |= {response.body for response in responses if response.status >= 400}
    for probe, response in zip(probes, responses, strict=True):
        results.add(mode, probe, response)


@contextmanager
def _serving_unchecked(own: Environment) -> Iterator[Server]:
    """A running server, which may never be ready."""
    settings = {"WAYBILL_SECRET": own.settings.secret, "WAYBILL_WORKERS": str(_WORKERS)}
    server = Server(own.folder, own.url, code=_UNCHECKED, **settings, **_ENV)
    try:
        wait_until(lambda: _is_alive(server))
        yield server
    finally:
        server.end()


def _is_alive(server: Server) -> bool:
    return exchange_sync(server.port, request("GET", "/healthz", {})).response.status == 200


async def _responses(port: int, probes: Sequence[_Probe]) -> list[RawResponse]:
    """Send the requests by some clients at once, each on a connection of its own."""
    responses: dict[int, RawResponse] = {}
    waiting = iter(enumerate(probes))

    async def work() -> None:
        connection = await Connection.open(port)
        for at, probe in waiting:
            try:
                connection.send(probe.sent)
                responses[at] = await connection.read_response()
            except (EOFError, ConnectionError):
                # The server closes a connection that was idle for some time, as on a busy machine.
                connection.close()
                connection = await Connection.open(port)
                connection.send(probe.sent)
                responses[at] = await connection.read_response()
        connection.close()

    await asyncio.gather(*(work() for _ in range(_CLIENTS)))
    return [responses[at] for at in range(len(probes))]


def _not_refused(own: Environment, pooler: PgBouncer) -> list[str]:
    """Start a server without the setting; return a failure unless it refuses to start."""
    settings = {"WAYBILL_SECRET": own.settings.secret}
    server = Server(own.folder, pooler.url, **settings)
    try:
        server.process.wait(_REFUSES_SECONDS)
    except subprocess.TimeoutExpired:
        return ["the server starts behind a pooler in transaction mode without the setting"]
    finally:
        output = server.end()
    is_named = "WAYBILL_DATABASE_POOLER" in output and "Traceback" not in output
    return (
        []
        if server.process.returncode and is_named
        else [f"it ends with this output: {output[-200:]}"]
    )


def _probes(environment: Environment) -> list[_Probe]:
    """Requests of all customers and sellers about their orders, in turn."""
    sellers = [make_seller() for _ in range(_SELLERS)]
    sold: dict[str, set[str]] = {seller.slug: set() for seller in sellers}
    customers: list[_Probe] = []
    for at in range(_CUSTOMERS):
        seller = sellers[at % _SELLERS]
        numbers = _add_customer(environment, customers, seller)
        sold[seller.slug] |= set(numbers)
    seller_probes = [_seller_probe(environment, seller, sold[seller.slug]) for seller in sellers]
    return [probe for pair in zip(customers, cycle(seller_probes), strict=False) for probe in pair]


def _add_customer(environment: Environment, probes: list[_Probe], seller: object) -> list[str]:
    """Store a customer's orders and add requests for them; return the order numbers."""
    customer = environment.customer()
    headers = customer.headers | KEEP_ALIVE
    orders = [
        environment.shop.order(customer.user, items=[make_item(seller=seller)])
        for _ in range(_ORDERS)
    ]
    old_order = environment.shop.old_order(customer.user)
    numbers = [order.number for order in orders]
    probes.append(_list("/users/orders/", headers, set(numbers)))
    probes.append(_list("/users/old-orders/", headers, {old_order.number}))
    probes += [
        _Probe(
            request("GET", f"/users/orders/{order.pk}/", headers),
            lambda response: orjson.loads(response.body)["number"],
            order.number,
        )
        for order in orders
    ]
    return numbers


def _seller_probe(environment: Environment, seller: object, numbers: set[str]) -> _Probe:
    headers = environment.seller_headers(seller) | KEEP_ALIVE  # type: ignore[arg-type]
    return _list("/api/i1/orders/", headers, numbers)


def _list(path: str, headers: dict[str, str], numbers: set[str]) -> _Probe:
    return _Probe(request("GET", f"{path}?limit=100", headers), _numbers, (len(numbers), numbers))


def _numbers(response: RawResponse) -> tuple[int, set[str]]:
    """The count and the numbers of a list."""
    document = orjson.loads(response.body)
    return document["count"], {order["number"] for order in document["results"]}
