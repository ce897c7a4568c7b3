"""Orders are archived, imported and tidied at the same time, by commands, under load."""

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event
from typing import Any

import httpx
import sqlalchemy as sa

from domain.imports.parts import ArchivedHere, Rejected
from domain.shared.errors import Unavailable
from faults.environment import Customer, Environment
from faults.findings import Finding
from faults.scale import Scale
from faults.writers import Writers, make_work
from handlers.cli.import_batches import order_loader
from handlers.cli.ndjson import ParsedDocument
from persistence.engine.engines import Pool, connect
from persistence.orders.numbers import order_numbers
from persistence.orders.old_orders import old_orders
from persistence.orders.orders import orders
from tests.support.documents import line_document, order_document
from tests.support.server import Server, start

REQUIREMENT = "each order in one place, with its last import; 0 missing on any page"
_SHOPPERS, _PAGE = 4, 100  # a page has all orders of a shopper
_BATCH = 8
_IMPORTERS = _WRITERS = 2
_LINES, _WRITER_PAUSE_SECONDS = 1000, 0.2
_COMMAND_SECONDS = 600
_PLACED = datetime(2025, 3, 1, tzinfo=UTC)
ARCHIVE = ("archive", "--before", "2026-01-01", "--operator", "faults")
# Nothing is too young to be removed.
_TIDY = ("tidy", "--older-than", "0", "--email-days", "0", "--batch", "20")


@dataclass
class Shop:
    """Delivered orders of some shoppers, whose documents are imported again and again.

    ``notes`` are those of the last import of each number that was stored.
    """

    environment: Environment
    customers: list[Customer]
    numbers: dict[str, Customer]
    notes: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def import_batch(self, numbers: Sequence[str], notes: str) -> None:
        """Import these orders with other notes; no other thread imports the same ones."""
        loader = order_loader(self.environment.database, "import:faults")
        documents = [_document(number, self.numbers[number], notes) for number in numbers]
        try:
            batch = [loader.check(ParsedDocument.of(document)) for document in documents]
            answers = loader.store(batch)
        except Unavailable:
            self.answers["unavailable"] += 1
            return
        for number, answer in zip(numbers, answers, strict=True):
            self._record(number, answer, notes)

    def _record(self, number: str, answer: Any, notes: str) -> None:
        if isinstance(answer, ArchivedHere):
            self.answers["archived"] += 1
        elif isinstance(answer, Rejected):
            self.failures.append(f"{number}: {answer}")
        else:
            self.answers["stored"] += 1
            self.notes[number] = notes


def check(environment: Environment, scale: Scale) -> Finding:
    """Archive all orders while they are imported and read, and documents are removed."""
    shop = stored_shop(environment, scale.archived_orders)
    with environment.serve(WAYBILL_RETURN_WINDOW_DAYS="0") as server:
        work = make_work(environment, _LINES)
        writers = Writers(environment, server, work, pause=_WRITER_PAUSE_SECONDS)
        with writers.running(_WRITERS), _busy(shop, server):
            archived = run_command(environment, *ARCHIVE)
        failures = [*shop.failures, *writers.log.failures, *writers.lost_or_duplicated()]
        failures += _missing(shop, server)
    return Finding(
        title="orders archived, imported and tidied at once",
        database=environment.kind,
        count=len(shop.numbers),
        required=scale.archived_orders,
        requirement=REQUIREMENT,
        figures={**shop.answers, "archive": archived},
        failures=(*failures, *misplaced(shop)),
    )


def stored_shop(environment: Environment, count: int) -> Shop:
    """Import so many delivered orders of a few shoppers."""
    customers = [environment.customer() for _ in range(_SHOPPERS)]
    numbers = {f"A{place:05}": customers[place % _SHOPPERS] for place in range(count)}
    shop = Shop(environment, customers, numbers)
    for batch in _batches(list(numbers)):
        shop.import_batch(batch, "0")
    shop.answers.clear()
    return shop


def _document(number: str, customer: Customer, notes: str) -> dict[str, Any]:
    delivered = (_PLACED + timedelta(days=3)).isoformat()
    line = line_document(
        state="delivered", delivered_date=delivered, seller={"slug": "usta", "name": "Usta"}
    )
    return order_document(
        number=number,
        user={"email": customer.user.email, "user_type": "registered"},
        created_date=_PLACED.isoformat(),
        notes=notes,
        items=[line],
    )


def _batches(numbers: list[str]) -> Iterator[list[str]]:
    for start_ in range(0, len(numbers), _BATCH):
        yield numbers[start_ : start_ + _BATCH]


@contextmanager
def _busy(shop: Shop, server: Server) -> Iterator[None]:
    """Import, tidy and read repeatedly during the block; raises what any of them raised."""
    ended = Event()
    works: list[Callable[[], None]] = [_importer(shop, place) for place in range(_IMPORTERS)]
    works.append(lambda: _require_success(shop, run_command(shop.environment, *_TIDY)))
    works += [_reader(shop, server, customer) for customer in shop.customers]

    def repeat(work: Callable[[], None]) -> None:
        while not ended.is_set():
            work()

    with ThreadPoolExecutor(len(works)) as pool:
        running: list[Future[None]] = [pool.submit(repeat, work) for work in works]
        try:
            yield
        finally:
            ended.set()
    for future in running:
        future.result()


def _importer(shop: Shop, place: int) -> Callable[[], None]:
    """Import random orders of one half, each time with notes of their own."""
    rng = Random(place)
    own = list(shop.numbers)[place::_IMPORTERS]
    turns = iter(range(1, 10**9))
    return lambda: shop.import_batch(rng.sample(own, min(_BATCH, len(own))), str(next(turns)))


def _reader(shop: Shop, server: Server, customer: Customer) -> Callable[[], None]:
    def read() -> None:
        shop.failures.extend(unseen(shop, server, customer))

    return read


def _missing(shop: Shop, server: Server) -> list[str]:
    """After the commands: what shoppers can not see, or see twice."""
    return [
        failure
        for customer in shop.customers
        for failure in unseen(shop, server, customer, is_at_rest=True)
    ]


def unseen(
    shop: Shop, server: Server, customer: Customer, *, is_at_rest: bool = False
) -> Iterator[str]:
    """Yield what is wrong with a shopper's orders, and then old orders.

    An order that is archived between the two reads is on both pages, but none is on neither.
    """
    with httpx.Client(base_url=server.client.base_url, headers=customer.headers) as client:
        pages = [_numbers(client, path) for path in ("/users/orders/", "/users/old-orders/")]
    seen = Counter(number for page in pages for number in page)
    own = {number for number, owner in shop.numbers.items() if owner is customer}
    if seen.keys() != own:
        yield f"shoppers see {len(seen.keys() & own)} of {len(own)} orders"
    allowed = 1 if is_at_rest else len(pages)
    if seen and max(seen.values()) > allowed:
        yield f"{max(seen, key=lambda number: seen[number])} is shown {max(seen.values())} times"


def _numbers(client: httpx.Client, path: str) -> list[str]:
    response = client.get(path, params={"limit": _PAGE}, timeout=_COMMAND_SECONDS)
    if response.status_code != httpx.codes.OK:
        return [f"{path}: {response.status_code}"]
    return [order["number"] for order in response.json()["results"]]


def run_command(environment: Environment, *arguments: str) -> str:
    """Run a command of `waybill`; return the last line of its output and its exit code."""
    process = start(
        environment.folder,
        subprocess.PIPE,
        *arguments[1:],
        command=arguments[0],
        WAYBILL_DATABASE_URL=environment.url,
        WAYBILL_SECRET=environment.settings.secret,
        WAYBILL_RETURN_WINDOW_DAYS="0",
    )
    output, _ = process.communicate(timeout=_COMMAND_SECONDS)
    return f"{output.strip().splitlines()[-1]} ({process.returncode})"


def _require_success(shop: Shop, result: str) -> None:
    if not result.endswith("(0)"):
        shop.failures.append(result)


def misplaced(shop: Shop) -> Iterator[str]:
    """Yield orders that are lost, stored twice, not archived, or without their last import."""
    engines = connect(shop.environment.url, Pool(1))
    with engines.autocommit.connect() as connection:
        left = connection.scalars(sa.select(orders.c.number)).all()
        old = connection.execute(sa.select(old_orders.c.number, old_orders.c.extra_field)).all()
        named = connection.execute(sa.select(order_numbers.c.number, order_numbers.c.is_old)).all()
    engines.dispose()
    places = Counter([*left, *(number for number, _ in old)])
    for number in shop.numbers:
        if places[number] != 1:
            yield f"{number} is stored {places[number]} times"
    expected = {(number, False) for number in left} | {(number, True) for number, _ in old}
    if {tuple(row) for row in named} != expected:
        yield "numbers and orders differ"
    if len(old) != len(shop.numbers):
        yield f"{len(old)} of {len(shop.numbers)} orders are archived"
    for number, extra_field in old:
        if extra_field.get("notes") != shop.notes[number]:
            yield f"{number} lost its last import: {extra_field.get('notes')}"
