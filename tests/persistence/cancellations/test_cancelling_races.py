"""Concurrent requests: no more units are accepted than exist, and all others are refused."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from time import monotonic
from typing import Any

import pytest

from domain.accounts.callers import Caller
from domain.accounts.users import User
from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.cancellations.requests import (
    CancellationRequestQuery,
    create_bulk_cancellation_requests,
    create_cancellation_request,
)
from domain.idempotency import StoredResponse
from domain.orders.orders import Order
from domain.shared.errors import Conflict, FieldErrors, Refusal, RowErrors, RuleBroken, Unavailable
from domain.shared.paging import PageRequest
from persistence.database import Database
from persistence.engine.engines import Pool
from tests.support.builders import make_lines, make_order
from tests.support.fakes import fake_renderers
from tests.support.scale import RACE_SECONDS
from tests.support.stored_cancellations import OPERATOR, POLICY, StoredCancellations

WORKERS = 16
FINGERPRINT = b"f" * 32
Work = Callable[[Any], Any]


@pytest.fixture
def busy_database(database_url: str) -> Iterator[Database]:
    """A database with a connection for each worker."""
    database = Database(database_url, renderers=fake_renderers(), pool=Pool(WORKERS))
    yield database
    database.close()


def store_lines(database: Database, shopper: User, number: int, quantity: int) -> list[Order]:
    """Orders of two lines each."""
    orders = [
        make_order(user_pk=shopper.pk, items=make_lines(2, quantity, f"race-{index}"))
        for index in range(number)
    ]
    with database.writing() as uow:
        for order in orders:
            uow.orders.add(order)
        uow.commit()
    return orders


def committed(service: Any, *arguments: Any) -> Work:
    """Return work that calls the service and commits."""

    def work(uow: Any) -> Any:
        result = service(*arguments, uow)
        uow.commit()
        return result

    return work


class Racer:
    """Creates, decides and lists requests in random order."""

    def __init__(
        self, database: Database, cancellations: StoredCancellations, orders: list[Order], seed: int
    ) -> None:
        self.database = database
        self.cancellations = cancellations
        self.rng = Random(seed)
        self.caller = Caller(orders[0].user_pk, is_guest=False)
        self.item_pks = [item.pk for order in orders for item in order.items]
        self.refusals: list[Refusal] = []
        self.accepted = 0

    def run(self, until: float) -> None:
        while monotonic() < until:
            self.rng.choice((self.ask, self.ask_for_several, self.decide))()

    def ask(self) -> None:
        draft = self.cancellations.draft(self.rng.choice(self.item_pks), quantity=1)
        self.try_to(committed(create_cancellation_request, self.caller, draft, POLICY))

    def ask_for_several(self) -> None:
        chosen = self.rng.sample(self.item_pks, 3)
        drafts = [self.cancellations.draft(pk, quantity=1) for pk in chosen]
        self.try_to(committed(create_bulk_cancellation_requests, self.caller, drafts, POLICY))

    def decide(self) -> None:
        service = self.rng.choice((approve_request, reject_request, complete_request))
        pk = self.rng.randint(1, max(1, self.highest()))
        self.try_to(lambda uow: service(pk, OPERATOR, uow))

    def highest(self) -> int:
        with self.database.reading() as uow:
            newest = uow.cancellation_requests.requests(
                CancellationRequestQuery(), PageRequest(limit=1)
            )
        return newest[0].pk if newest else 1

    def try_to(self, work: Work) -> None:
        try:
            self.database.write(work)
        except Refusal as refusal:
            self.refusals.append(refusal)
        else:
            self.accepted += 1


@pytest.mark.no_cover  # the same lines, thousands of times
def test_accepted_units_never_exceed_the_ordered_ones(
    busy_database: Database, shopper: User
) -> None:
    orders = store_lines(busy_database, shopper, number=3, quantity=5)
    cancellations = StoredCancellations(busy_database)
    racers = [Racer(busy_database, cancellations, orders, seed) for seed in range(WORKERS)]
    until = monotonic() + RACE_SECONDS
    with ThreadPoolExecutor(WORKERS) as pool:
        for run in [pool.submit(racer.run, until) for racer in racers]:
            run.result()

    assert sum(racer.accepted for racer in racers) > 0
    refusals = [refusal for racer in racers for refusal in racer.refusals]
    assert not [refusal for refusal in refusals if isinstance(refusal, Unavailable)]
    for order in (cancellations.order(order.pk) for order in orders):
        for item in order.items:
            off = [r for r in item.cancellation_requests if r.status in ("approved", "completed")]
            assert item.cancelled_quantity == sum(request.quantity or 0 for request in off)
            assert item.cancelled_quantity <= item.quantity
            assert sum(request.is_open for request in item.cancellation_requests) <= 1


def test_one_of_many_gets_the_last_unit(busy_database: Database, shopper: User) -> None:
    [order] = store_lines(busy_database, shopper, number=1, quantity=1)
    cancellations = StoredCancellations(busy_database)
    together = Barrier(WORKERS)

    def ask() -> str:
        together.wait()
        draft = cancellations.draft(order.items[0].pk)
        caller = Caller(shopper.pk, is_guest=False)
        try:
            busy_database.write(committed(create_cancellation_request, caller, draft, POLICY))
        except (RuleBroken, Conflict, FieldErrors, RowErrors) as refusal:
            return type(refusal).__name__
        return "accepted"

    with ThreadPoolExecutor(WORKERS) as pool:
        results = [run.result() for run in [pool.submit(ask) for _ in range(WORKERS)]]

    assert results.count("accepted") == 1
    assert results.count("RuleBroken") == WORKERS - 1


def test_one_key_makes_one_request(busy_database: Database, shopper: User) -> None:
    [order] = store_lines(busy_database, shopper, number=1, quantity=5)
    cancellations = StoredCancellations(busy_database)
    together = Barrier(WORKERS)

    def post(uow: Any) -> bytes:
        stored = uow.idempotency_keys.claim("user:1", "key", FINGERPRINT, uow.now)
        if stored is not None:
            return bytes(stored.body)
        caller = Caller(shopper.pk, is_guest=False)
        draft = cancellations.draft(order.items[0].pk, quantity=1)
        request = create_cancellation_request(caller, draft, POLICY, uow)
        result = StoredResponse(200, "application/json", str(request.pk).encode())
        uow.idempotency_keys.store("user:1", "key", result)
        uow.commit()
        return result.body

    def run() -> bytes:
        together.wait()
        return busy_database.write(post)

    with ThreadPoolExecutor(WORKERS) as pool:
        results = {future.result() for future in [pool.submit(run) for _ in range(WORKERS)]}

    assert len(results) == 1
    assert len(cancellations.order(order.pk).items[0].cancellation_requests) == 1
