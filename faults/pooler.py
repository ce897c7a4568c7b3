"""PgBouncer between server and PostgreSQL: nobody gets what is another's, in any mode."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice

import orjson

from faults.bouncers import SESSION, TRANSACTION, Bouncer, NoPgBouncer, bouncer
from faults.environment import Environment
from faults.findings import Finding
from faults.raw_client import KEEP_ALIVE, Connection, exchange_sync, request
from faults.scale import Scale
from faults.writers import Writers, make_work
from tests.edge.exchange import RawResponse
from tests.support.builders import make_item, make_seller
from tests.support.processes import wait_until
from tests.support.server import Server

BAR = "0 of others, 0 × 5xx in supported modes; an unsupported one is refused at the start"
_CUSTOMERS = 16
_ORDERS = 3
_SELLERS = 4
_CLIENTS = 8
_WORKERS = 2
_CONNECTIONS = 4  # of a worker, for each of its two pools
_FEW = 4  # server connections
_ENOUGH = 40
_REFUSES_SECONDS = 60
# Nothing is remembered, so that each answer asks the database for all that is in it.
_ENV = {
    "WAYBILL_DATABASE_POOL_SIZE": str(_CONNECTIONS),
    "WAYBILL_DOCUMENT_MEMORY_MIB": "0",
}
_SETTING = {"WAYBILL_DATABASE_POOLER": "transaction"}
# What an operator can not do: serve behind a pooler of transactions without the setting.
_UNCHECKED = """
import persistence.database
persistence.database.is_shared = lambda url: False
from handlers.cli.main import cli; cli()
"""


@dataclass(frozen=True)
class _Mode:
    """A way to run PgBouncer, and the server behind it."""

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
class _Question:
    """A request, and what its answer names when it is right: all that is the caller's own."""

    sent: bytes
    named: Callable[[RawResponse], object]
    own: object


class _Told:
    """What was answered in all modes."""

    def __init__(self) -> None:
        self.compared = 0
        self.written = 0
        self.statuses: dict[str, Counter[int]] = {}
        self.failures: list[str] = []

    def judge(self, mode: _Mode, question: _Question, response: RawResponse) -> None:
        """Compare an answer with its owner."""
        self.statuses.setdefault(mode.name, Counter())[response.status] += 1
        if response.status == 200:
            self.compared += mode.is_supported
            if question.named(response) != question.own:
                self.failures.append(f"{mode.name}: an answer is another's")
        elif mode.is_supported or response.status != 503:
            self.failures.append(f"{mode.name}: {response.status}")

    def add_writes(self, mode: _Mode, writers: Writers) -> None:
        """Judge what was answered to those who wrote meanwhile."""
        told = writers.told
        self.written += len(told.acknowledged)
        refused = told.writes[503] + told.reads[503]
        if refused:
            self.failures.append(f"{mode.name}: 503 beside, {refused} times")
        self.failures += [f"{mode.name}: {each}" for each in told.failures]
        self.failures += writers.lost_and_twofold()

    def figures(self) -> dict[str, str | int]:
        """How many answers of each status each mode gave."""
        return {
            name: " ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))
            for name, statuses in self.statuses.items()
        }


def check(environment: Environment, scale: Scale) -> Finding:
    """All modes one after the other, on one database."""
    told = _Told()
    try:
        questions = _questions(environment)
        for mode in _MODES:
            with _behind(environment, mode) as (pooler, own):
                if not mode.is_supported:
                    told.failures += _not_refused(own, pooler)
                asked = list(islice(cycle(questions), scale.pooled_responses))
                _send_all(environment, own, mode, asked, told)
    except NoPgBouncer as error:
        told.failures.append(str(error))
    unsupported = told.statuses.get(_MODES[-1].name, Counter())
    if told.statuses and not unsupported[503]:
        told.failures.append("unchecked, no statement met another client's: nothing was tried")
    return Finding(
        test="PgBouncer",
        database=environment.kind,
        amount=told.compared,
        wanted=3 * scale.pooled_responses,
        bar=BAR,
        figures=told.figures() | {"written beside": told.written},
        failures=tuple(told.failures),
    )


@contextmanager
def _behind(environment: Environment, mode: _Mode) -> Iterator[tuple[Bouncer, Environment]]:
    with (
        bouncer(environment.url, mode.pool_mode, mode.size) as pooler,
        environment.beside(pooler.url) as own,
    ):
        yield pooler, own


def _send_all(
    environment: Environment, own: Environment, mode: _Mode, asked: Sequence[_Question], told: _Told
) -> None:
    """Ask all of it, in supported modes while somebody writes."""
    if mode.is_supported:
        work = make_work(environment, len(asked))
        with own.serve(workers=_WORKERS, **_ENV, **mode.env) as server:
            writers = Writers(environment, server, work)
            with writers.at_work(1):
                responses = asyncio.run(_responses(server.port, asked))
        told.add_writes(mode, writers)
    else:
        with _serving_unchecked(own) as server:
            responses = asyncio.run(_responses(server.port, asked))
    own.errors |= {each.body for each in responses if each.status >= 400}
    for question, response in zip(asked, responses, strict=True):
        told.judge(mode, question, response)


@contextmanager
def _serving_unchecked(own: Environment) -> Iterator[Server]:
    """A server that may never be ready; it answers."""
    settings = {"WAYBILL_SECRET": own.settings.secret, "WAYBILL_WORKERS": str(_WORKERS)}
    server = Server(own.folder, own.url, code=_UNCHECKED, **settings, **_ENV)
    try:
        wait_until(lambda: _is_alive(server))
        yield server
    finally:
        server.end()


def _is_alive(server: Server) -> bool:
    return exchange_sync(server.port, request("GET", "/healthz", {})).response.status == 200


async def _responses(port: int, questions: Sequence[_Question]) -> list[RawResponse]:
    """Ask by some clients at once, each on a connection of its own."""
    responses: dict[int, RawResponse] = {}
    waiting = iter(enumerate(questions))

    async def work() -> None:
        connection = await Connection.open(port)
        for at, question in waiting:
            try:
                connection.send(question.sent)
                responses[at] = await connection.read_response()
            except (EOFError, ConnectionError):
                # The server closes a connection on which nothing was asked for some time, as on a
                # machine that is too busy to send.
                connection.close()
                connection = await Connection.open(port)
                connection.send(question.sent)
                responses[at] = await connection.read_response()
        connection.close()

    await asyncio.gather(*(work() for _ in range(_CLIENTS)))
    return [responses[at] for at in range(len(questions))]


def _not_refused(own: Environment, pooler: Bouncer) -> list[str]:
    """Start a server as an operator would who does not know the setting."""
    settings = {"WAYBILL_SECRET": own.settings.secret}
    server = Server(own.folder, pooler.url, **settings)
    try:
        server.process.wait(_REFUSES_SECONDS)
    except subprocess.TimeoutExpired:
        return ["the server starts behind a pooler of transactions without the setting"]
    finally:
        said = server.end()
    is_named = "WAYBILL_DATABASE_POOLER" in said and "Traceback" not in said
    return [] if server.process.returncode and is_named else [f"it ends and says: {said[-200:]}"]


def _questions(environment: Environment) -> list[_Question]:
    """What all who have orders may ask about them; of customers and of sellers by turns."""
    sellers = [make_seller() for _ in range(_SELLERS)]
    sold: dict[str, set[str]] = {each.slug: set() for each in sellers}
    customers: list[_Question] = []
    for at in range(_CUSTOMERS):
        seller = sellers[at % _SELLERS]
        numbers = _customer(environment, customers, seller)
        sold[seller.slug] |= set(numbers)
    asked = [_of_seller(environment, each, sold[each.slug]) for each in sellers]
    return [each for pair in zip(customers, cycle(asked), strict=False) for each in pair]


def _customer(environment: Environment, asked: list[_Question], seller: object) -> list[str]:
    """Store a customer's orders, and what they may ask; return the numbers."""
    customer = environment.customer()
    headers = customer.headers | KEEP_ALIVE
    orders = [
        environment.shop.order(customer.user, items=[make_item(seller=seller)])
        for _ in range(_ORDERS)
    ]
    old_order = environment.shop.old_order(customer.user)
    numbers = [each.number for each in orders]
    asked.append(_list("/users/orders/", headers, set(numbers)))
    asked.append(_list("/users/old-orders/", headers, {old_order.number}))
    asked += [
        _Question(
            request("GET", f"/users/orders/{each.pk}/", headers),
            lambda response: orjson.loads(response.body)["number"],
            each.number,
        )
        for each in orders
    ]
    return numbers


def _of_seller(environment: Environment, seller: object, numbers: set[str]) -> _Question:
    headers = environment.seller_headers(seller) | KEEP_ALIVE  # type: ignore[arg-type]
    return _list("/api/i1/orders/", headers, numbers)


def _list(path: str, headers: dict[str, str], numbers: set[str]) -> _Question:
    return _Question(
        request("GET", f"{path}?limit=100", headers), _numbers, (len(numbers), numbers)
    )


def _numbers(response: RawResponse) -> tuple[int, set[str]]:
    """How many there are, and which."""
    document = orjson.loads(response.body)
    return document["count"], {each["number"] for each in document["results"]}
