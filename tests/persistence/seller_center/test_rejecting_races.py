"""A seller rejects while others cancel and decide: the results are serial and the sums exact."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from domain.accounts.callers import Caller
from domain.accounts.users import User
from domain.cancellations.decisions import approve_request, reject_request
from domain.cancellations.requests import create_cancellation_request
from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.seller_center.order_items import reject_seller_order_item
from domain.sellers.sellers import Seller
from domain.shared.errors import Refusal, Unavailable
from persistence.database import Database
from persistence.engine.engines import Pool
from tests.support.builders import make_seller
from tests.support.fakes import fake_renderers
from tests.support.stored_cancellations import OPERATOR, POLICY, StoredCancellations
from tests.support.stored_sellers import caller_of, sold, store_sold

RACES = 8
WORKERS = 4


@pytest.fixture
def busy_database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, renderers=fake_renderers(), pool=Pool(WORKERS))
    yield database
    database.close()


class Race:
    """A line of three units, its seller, its shopper and the operator."""

    def __init__(
        self, database: Database, shopper: User, cancellations: StoredCancellations, seller: Seller
    ) -> None:
        self.database, self.cancellations, self.seller = database, cancellations, seller
        order = {"items": [sold(seller, quantity=3, price=1000)], "shipping_amount": 70}
        [self.stored] = store_sold(database, shopper.pk, order)
        self.item = self.stored.items[0]
        self.shopper = Caller(shopper.pk, is_guest=False)

    def reject(self, uow: Any) -> None:
        reject_seller_order_item(caller_of(self.seller), self.item.uuid, None, uow)
        uow.commit()

    def cancel(self, uow: Any) -> None:
        draft = self.cancellations.draft(self.item.pk, quantity=1)
        create_cancellation_request(self.shopper, draft, POLICY, uow)
        uow.commit()

    def together(self, *works: Any) -> list[Refusal | None]:
        """Run all at the same time; return the refusals."""
        start = Barrier(len(works))

        def run(work: Any) -> Refusal | None:
            start.wait()
            try:
                self.database.write(work)
            except Unavailable:
                raise
            except Refusal as refusal:
                return refusal
            return None

        with ThreadPoolExecutor(WORKERS) as pool:
            return [future.result() for future in [pool.submit(run, work) for work in works]]

    def order(self) -> Order:
        return self.cancellations.order(self.stored.pk)

    def assert_all_is_off(self) -> None:
        order = self.order()
        [item] = order.items
        approved = [
            request
            for request in item.cancellation_requests
            if request.status is CancellationStatus.APPROVED
        ]
        assert (item.state, order.state) == (OrderState.REJECTED, OrderState.REJECTED)
        assert item.cancelled_quantity == sum(request.quantity or 0 for request in approved) == 3
        assert sum(plan.refund_amount for plan in order.cancellation_plans) == 1070


@pytest.fixture
def races(busy_database: Database, shopper: User) -> list[Race]:
    cancellations, seller = StoredCancellations(busy_database), make_seller()
    return [Race(busy_database, shopper, cancellations, seller) for _ in range(RACES)]


def test_a_concurrent_cancellation_is_before_the_rejection_or_refused(races: list[Race]) -> None:
    for race in races:
        rejected, _ = race.together(race.reject, race.cancel)

        assert rejected is None
        race.assert_all_is_off()


@pytest.mark.parametrize("service", [approve_request, reject_request])
def test_a_concurrent_decision_is_before_the_rejection_or_refused(
    races: list[Race], service: Any
) -> None:
    for race in races:
        request = race.cancellations.create(
            race.stored, race.cancellations.draft(race.item.pk, quantity=2)
        )

        def decide(uow: Any, pk: int = request.pk) -> None:
            service(pk, OPERATOR, uow)

        rejected, _ = race.together(race.reject, decide)

        assert rejected is None
        race.assert_all_is_off()


def test_concurrent_rejections_have_one_effect(races: list[Race]) -> None:
    for race in races:
        assert race.together(*[race.reject] * WORKERS) == [None] * WORKERS

        race.assert_all_is_off()
        assert len(race.order().cancellation_plans) == 1
