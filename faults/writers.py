"""Clients who go on cancelling and reading whatever happens, and remember what they were told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic, sleep

import httpx

from domain.cancellations.requests import CancellationRequestQuery
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.shared.paging import PageRequest
from faults.environment import Customer, Environment
from tests.support.builders import make_item, make_product
from tests.support.server import Server

_REQUESTS = "/users/orders/cancellation_requests/"
_ORDERS = "/users/orders/?limit=1"
_LINES_OF_ORDER = 20
_AGAIN_SECONDS = 0.2
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Work:
    """Lines of a customer that can be cancelled, and a reason to."""

    customer: Customer
    reason: int
    lines: Sequence[int]


def make_work(environment: Environment, lines: int, lines_of_order: int = _LINES_OF_ORDER) -> Work:
    """At least so many lines, of one unit each."""
    customer = environment.customer()
    orders: list[Order] = [
        environment.shop.order(customer.user, items=_lines(lines_of_order))
        for _ in range(-(-lines // lines_of_order))
    ]
    pks = [item.pk for order in orders for item in order.items]
    return Work(customer, environment.shop.reason().pk, pks)


def _lines(count: int) -> list[OrderItem]:
    """All of one product, which has to be looked up once then."""
    product = make_product()
    return [make_item(line=line, product=product) for line in range(1, count + 1)]


@dataclass
class Told:
    """What the clients were answered: by line, the request that was acknowledged."""

    acknowledged: dict[int, int] = field(default_factory=dict)
    writes: Counter[int] = field(default_factory=Counter)
    reads: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    cuts: int = 0
    slowest: float = 0.0
    last_write: float = 0.0


class Writers:
    """Some clients of a server, each with a line at a time.

    A client who is answered 503 asks again, with the same Idempotency-Key, until it is told what
    became of its request. Any other answer than 200 is a failure, and so is none, unless
    ``is_cut``: then the server dies now and then, and who gets no answer asks again, too. Each
    pauses for ``pause`` seconds between two requests.
    """

    def __init__(
        self,
        environment: Environment,
        server: Server,
        work: Work,
        *,
        is_cut: bool = False,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        self.told = Told()
        self._pause = pause
        self._is_cut = is_cut
        self._environment = environment
        self._server = server
        self._work = work
        self._lines: Queue[int] = Queue()
        for pk in work.lines:
            self._lines.put(pk)
        self._ended = Event()

    @contextmanager
    def at_work(self, writers: int, readers: int = 1) -> Iterator[None]:
        """Let so many clients write and read while the block runs."""
        threads = [Thread(target=self._write) for _ in range(writers)]
        threads += [Thread(target=self._read) for _ in range(readers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def wait_for_write(self, timeout: float) -> float | None:
        """Return in how many seconds somebody who asks from now on has written; None: in none."""
        began = monotonic()
        while monotonic() - began < timeout:
            if self.told.last_write > began:
                return self.told.last_write - began
            sleep(0.01)
        return None

    def lost_and_twofold(self) -> list[str]:
        """Return how what is stored differs from what was acknowledged."""
        with self._environment.database.reading() as uow:
            stored = uow.cancellation_requests.requests(
                CancellationRequestQuery(), PageRequest(limit=10**6)
            )
        pks = {request.pk for request in stored}
        asked = Counter(request.order_item_pk for request in stored)
        lost = [pk for pk in self.told.acknowledged.values() if pk not in pks]
        twofold = [pk for pk, times in asked.items() if times > 1]
        return [f"request {pk} was acknowledged and is lost" for pk in lost] + [
            f"item {pk} was cancelled more than once" for pk in twofold
        ]

    def _write(self) -> None:
        with self._environment.client(self._server, self._work.customer.headers) as client:
            while not self._ended.is_set():
                try:
                    self._cancel(client, self._lines.get_nowait())
                except Empty:
                    self.told.failures.append("there was nothing left to cancel")
                    return
                sleep(self._pause)

    def _cancel(self, client: httpx.Client, item_pk: int) -> None:
        row = {
            "order_item": item_pk,
            "reason": self._work.reason,
            "cancellation_type": "cancel",
            # Nobody but the operator is to see it ever again.
            "iban": "TR33 0006 1005 1978 6457 8413 26",
            "holder_name": "Ayşe Yılmaz",
        }
        key = {"Idempotency-Key": f"cancel-{item_pk}"}
        while not self._ended.is_set():
            began = monotonic()
            response = self._exchange(
                client, "POST", _REQUESTS, self.told.writes, json=row, headers=key
            )
            if response is None and not self._is_cut:
                return
            if response is not None and response.status_code == httpx.codes.OK:
                self.told.acknowledged[item_pk] = response.json()["pk"]
                self.told.last_write = max(self.told.last_write, began)
                return
            sleep(_AGAIN_SECONDS)

    def _read(self) -> None:
        with self._environment.client(self._server, self._work.customer.headers) as client:
            while not self._ended.is_set():
                self._exchange(client, "GET", _ORDERS, self.told.reads)
                sleep(self._pause)

    def _exchange(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        counted: Counter[int],
        **content: object,
    ) -> httpx.Response | None:
        """Return what was answered, if it was 200 or a proper 503; note anything else."""
        began = monotonic()
        try:
            response = client.request(method, path, **content)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            self.told.cuts += 1
            if not self._is_cut:
                self.told.failures.append(f"{method}: {error!r}")
            return None
        self.told.slowest = max(self.told.slowest, monotonic() - began)
        counted[response.status_code] += 1
        if response.status_code == httpx.codes.OK:
            return response
        if (
            response.status_code == httpx.codes.SERVICE_UNAVAILABLE
            and "Retry-After" in response.headers
        ):
            return response
        self.told.failures.append(f"{method}: {response.status_code} {response.text[:200]}")
        return None
