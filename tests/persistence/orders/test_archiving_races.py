"""Archiving, concurrent with all who read and write the same orders."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from random import Random
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa

from domain.accounts.callers import Caller
from domain.cancellations.requests import create_cancellation_request
from domain.orders.archiving import archive_order
from domain.orders.cancellations import CancellationType
from domain.orders.return_policy import ReturnPolicy
from domain.shared.errors import Refusal
from faults.invariants import broken_invariants
from persistence.database import Database, utc_now
from persistence.engine.engines import Engines, Pool
from persistence.sql.columns import metadata
from tests.support import citus
from tests.support.documents import imported_order, line_document, user_document
from tests.support.fakes import fake_renderers
from tests.support.scale import RACE_SECONDS
from tests.support.stored import listed, store_user
from tests.support.stored_cancellations import OPERATOR, POLICY, StoredCancellations
from tests.support.stored_sellers import stored_counts, true_counts

EMAIL = "shopper@example.com"
NUMBERS = [f"N{number}" for number in range(8)]
LONG = replace(POLICY, returns=ReturnPolicy(timedelta(days=36_500)))
NONE = ReturnPolicy(timedelta())


@pytest.fixture
def busy_database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, renderers=fake_renderers(), pool=Pool(8))
    yield database
    database.close()


class Shop:
    """A shopper's delivered orders."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._user = store_user(database, email=EMAIL)
        self._cancellations = StoredCancellations(database)
        self._rng = Random(1)
        self._notes = count()
        self.results: Counter[str] = Counter()
        for number in NUMBERS:
            self._store(number)

    def place(self) -> None:
        """Import an order again, with other notes."""
        self._store(self._rng.choice(NUMBERS))

    def _store(self, number: str) -> None:
        line = line_document(
            state="delivered",
            delivered_date="2026-02-16T09:00:00Z",
            seller={"slug": "usta", "name": "Usta"},
        )
        order = imported_order(
            number=number,
            user=user_document(email=EMAIL),
            notes=str(next(self._notes)),
            items=[line],
        )
        with self._database.importing("import:tests") as imports:
            [result] = imports.store_orders([order])
            imports.commit()
        self.results[getattr(result, "code", "stored")] += 1

    def archive(self) -> None:
        with self._database.reading() as uow:
            pks = uow.order_archive.candidates(utc_now(), 0, 100)
        if pks:
            pk = self._rng.choice(pks)
            self._database.write(partial(archive_order, pk, NONE, OPERATOR))

    def send_back(self) -> None:
        """Ask to return a line, which keeps its order out of the archive."""
        with self._database.reading() as uow:
            pks = uow.order_archive.candidates(utc_now(), 0, 100)
            found = uow.order_archive.get(self._rng.choice(pks), is_locked=False) if pks else None
        if found is None:
            return
        item = found.order.items[0]
        draft = self._cancellations.draft(item.pk, CancellationType.REFUND, quantity=1)
        caller = Caller(self._user.pk, is_guest=False)

        def work(uow: Any) -> None:
            create_cancellation_request(caller, draft, LONG, uow)
            uow.commit()

        self._database.write(work)

    def read(self) -> None:
        listed(self._database, self._user.pk)


def until_time_is_up(work: Callable[[], object]) -> None:
    """Repeat ``work``; refusals are expected."""
    until = monotonic() + RACE_SECONDS
    while monotonic() < until:
        with suppress(Refusal):
            work()


@pytest.mark.no_cover  # the same lines, many times
def test_an_order_is_in_one_place(busy_database: Database, engines: Engines) -> None:
    shop = Shop(busy_database)

    with ThreadPoolExecutor(6) as pool:
        works = (shop.place, shop.place, shop.archive, shop.archive, shop.send_back, shop.read)
        for running in [pool.submit(until_time_is_up, work) for work in works]:
            running.result()

    orders, old_orders = metadata.tables["orders"], metadata.tables["old_orders"]
    with engines.autocommit.connect() as connection:
        numbers = Counter(
            number
            for table in (orders, old_orders)
            for number in connection.scalars(sa.select(table.c.number))
        )
        assert numbers == Counter(NUMBERS)
        archived = connection.scalars(sa.select(old_orders.c.number)).all()
        requests = sa.select(sa.func.count()).select_from(metadata.tables["cancellation_requests"])
        assert connection.execute(requests).scalar_one() <= len(NUMBERS) - len(archived)
    with citus.all_rows(engines) as connection:
        assert broken_invariants(connection) == []
    assert stored_counts(engines) == true_counts(engines)
    assert shop.results.keys() <= {"stored", "archived"}
