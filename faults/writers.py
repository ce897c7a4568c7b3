"""Clients that cancel and read throughout a check, and record the responses."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event
from time import monotonic, sleep

import httpx

from domain.cancellations.requests import CancellationRequestQuery
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.shared.paging import PageRequest
from faults.environment import Customer, Environment
from faults.threads import running
from tests.support.builders import make_item, make_product
from tests.support.server import Server

_REQUESTS = "/users/orders/cancellation_requests/"
_ORDERS = "/users/orders/?limit=1"
_LINES_OF_ORDER = 20
_AGAIN_SECONDS = 0.2
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Work:
    """Cancellable lines of a customer, by pk, and the pk of a reason."""

    customer: Customer
    reason: int
    lines: Sequence[int]


def make_work(environment: Environment, lines: int, lines_of_order: int = _LINES_OF_ORDER) -> Work:
    """Create at least ``lines`` lines of one unit each, in orders of ``lines_of_order``."""
    customer = environment.customer()
    orders: list[Order] = [
        environment.shop.order(customer.user, items=_lines(lines_of_order))
        for _ in range(-(-lines // lines_of_order))
    ]
    pks = [item.pk for order in orders for item in order.items]
    return Work(customer, environment.shop.reason().pk, pks)


def _lines(count: int) -> list[OrderItem]:
    """Lines of one product, which is then looked up only once."""
    product = make_product()
    return [make_item(line=line, product=product) for line in range(1, count + 1)]


@dataclass
class ClientLog:
    """The responses to the clients; ``acknowledged`` are requests by line, both by pk."""

    acknowledged: dict[int, int] = field(default_factory=dict)
    writes: Counter[int] = field(default_factory=Counter)
    reads: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    disconnects: int = 0
    slowest: float = 0.0
    last_write: float = 0.0


class Writers:
    """Clients of a server; each works on one line at a time.

    After a 503, a client repeats its request with the same Idempotency-Key until it succeeds. Any
    other status than 200 is a failure. So is a lost connection, unless ``expects_disconnects``:
    then the request is repeated, too. Clients wait ``pause`` seconds between two requests.
    """

    def __init__(
        self,
        environment: Environment,
        server: Server,
        work: Work,
        *,
        expects_disconnects: bool = False,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        self.log = ClientLog()
        self._pause = pause
        self._expects_disconnects = expects_disconnects
        self._environment = environment
        self._server = server
        self._work = work
        self._lines: Queue[int] = Queue()
        for pk in work.lines:
            self._lines.put(pk)
        self._ended = Event()

    @contextmanager
    def running(self, writers: int, readers: int = 1) -> Iterator[None]:
        """Run this many clients that write and that read during the block."""
        with running([self._write] * writers + [self._read] * readers, self._ended.set):
            yield

    def wait_for_write(self, timeout: float) -> float | None:
        """Wait for the next write that begins after now; return its start in seconds from now.

        None where no write succeeds within ``timeout`` seconds.
        """
        started = monotonic()
        while monotonic() - started < timeout:
            if self.log.last_write > started:
                return self.log.last_write - started
            sleep(0.01)
        return None

    def lost_or_duplicated(self) -> list[str]:
        """Return acknowledged requests that are not stored, and lines with several requests."""
        with self._environment.database.reading() as uow:
            stored = uow.cancellation_requests.requests(
                CancellationRequestQuery(), PageRequest(limit=10**6)
            )
        pks = {request.pk for request in stored}
        counts = Counter(request.order_item_pk for request in stored)
        lost = [pk for pk in self.log.acknowledged.values() if pk not in pks]
        duplicated = [pk for pk, times in counts.items() if times > 1]
        return [f"request {pk} was acknowledged and is lost" for pk in lost] + [
            f"item {pk} was cancelled more than once" for pk in duplicated
        ]

    def _write(self) -> None:
        with self._environment.client(self._server, self._work.customer.headers) as client:
            while not self._ended.is_set():
                try:
                    self._cancel(client, self._lines.get_nowait())
                except Empty:
                    self.log.failures.append("no line is left to cancel")
                    return
                sleep(self._pause)

    def _cancel(self, client: httpx.Client, item_pk: int) -> None:
        row = {
            "order_item": item_pk,
            "reason": self._work.reason,
            "cancellation_type": "cancel",
            # Personal data, which must not appear in any output.
            "iban": "TR33 0006 1005 1978 6457 8413 26",
            "holder_name": "Ayşe Yılmaz",
        }
        key = {"Idempotency-Key": f"cancel-{item_pk}"}
        while not self._ended.is_set():
            started = monotonic()
            response = self._exchange(
                client, "POST", _REQUESTS, self.log.writes, json=row, headers=key
            )
            if response is None and not self._expects_disconnects:
                return
            if response is not None and response.status_code == httpx.codes.OK:
                self.log.acknowledged[item_pk] = response.json()["pk"]
                self.log.last_write = max(self.log.last_write, started)
                return
            sleep(_AGAIN_SECONDS)

    def _read(self) -> None:
        with self._environment.client(self._server, self._work.customer.headers) as client:
            while not self._ended.is_set():
                self._exchange(client, "GET", _ORDERS, self.log.reads)
                sleep(self._pause)

    def _exchange(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        counted: Counter[int],
        **content: object,
    ) -> httpx.Response | None:
        """Return a response that is 200 or 503 with Retry-After; record any other as a failure."""
        started = monotonic()
        try:
            response = client.request(method, path, **content)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            self.log.disconnects += 1
            if not self._expects_disconnects:
                self.log.failures.append(f"{method}: {error!r}")
            return None
        self.log.slowest = max(self.log.slowest, monotonic() - started)
        counted[response.status_code] += 1
        if response.status_code == httpx.codes.OK:
            return response
        if (
            response.status_code == httpx.codes.SERVICE_UNAVAILABLE
            and "Retry-After" in response.headers
        ):
            return response
        self.log.failures.append(f"{method}: {response.status_code} {response.text[:200]}")
        return None
