"""Erasure and retention, concurrent with all writers."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from random import Random
from threading import Barrier
from time import monotonic, sleep
from typing import Any

import pytest
import sqlalchemy as sa

from domain.accounts.callers import Caller
from domain.accounts.sessions import authenticate, open_session
from domain.accounts.users import User
from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.cancellations.requests import create_cancellation_request
from domain.cancellations.return_carriers import CarrierDraft, add_carrier, offer_carriers
from domain.imports.parts import Rejected
from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.outbox import lease_events, record_delivery
from domain.privacy.personal_data import erase_personal_data
from domain.privacy.retention import (
    BATCH,
    Expiring,
    RetentionPeriods,
    remove_delivered_events,
    remove_expired,
    remove_settled_accounts,
)
from domain.shared.errors import Refusal
from faults.invariants import broken_invariants
from persistence.database import Database
from persistence.engine.engines import Engines, Pool
from persistence.sql.columns import metadata
from tests.support import citus
from tests.support.builders import make_lines, make_order
from tests.support.documents import imported_order, line_document, user_document
from tests.support.fakes import FakeRenderer, fake_renderers
from tests.support.scale import RACE_SECONDS
from tests.support.stored import listed, store_order, store_user
from tests.support.stored_cancellations import OPERATOR, POLICY, StoredCancellations

AT_ONCE = RetentionPeriods(timedelta(), timedelta(), timedelta())
IBAN = "TR330006100519786457841326"
EMAIL = "gizli@example.com"


@pytest.fixture
def busy_database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, renderers=fake_renderers(), pool=Pool(8))
    yield database
    database.close()


def until_time_is_up(work: Callable[[], object]) -> int:
    """Repeat ``work``; refusals are expected."""
    until, done = monotonic() + RACE_SECONDS, 0
    while monotonic() < until:
        with suppress(Refusal):
            work()
            done += 1
    return done


def together(*works: Callable[[], object]) -> list[int]:
    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(until_time_is_up, work) for work in works]
        return [future.result() for future in running]


def broken(engines: Engines) -> list[str]:
    with citus.all_rows(engines) as connection:
        return broken_invariants(connection)


class Shop:
    """Creates requests, decides and delivers in random order."""

    def __init__(self, database: Database, user: User) -> None:
        self.database = database
        self.cancellations = StoredCancellations(database)
        self.rng = Random(1)
        orders = [
            make_order(user_pk=user.pk, user_email=user.email, items=make_lines(2, 9, f"r{index}"))
            for index in range(3)
        ]
        with database.writing() as uow:
            for order in orders:
                uow.orders.add(order)
            uow.commit()
        self.caller = Caller(user.pk, is_guest=False)
        self.items = [item.pk for order in orders for item in order.items]
        self.request_pks: list[int] = []
        self.sessions: list[str] = []

    def ask(self) -> None:
        account: Any = {"iban": IBAN, "holder_name": "Ayşe", "description": "gizli"}
        draft = self.cancellations.draft(self.rng.choice(self.items), quantity=1, **account)

        def work(uow: Any) -> int:
            request = create_cancellation_request(self.caller, draft, POLICY, uow)
            uow.commit()
            return request.pk

        self.request_pks.append(self.database.write(work))

    def decide(self) -> None:
        if self.request_pks:
            pk = self.rng.choice(self.request_pks)
            service = self.rng.choice((approve_request, reject_request, complete_request))
            self.database.write(lambda uow: service(pk, OPERATOR, uow))

    def deliver(self) -> None:
        for event in self.database.write(lambda uow: lease_events(1, uow)):
            self.database.write(partial(record_delivery, event.pk))

    def read(self) -> None:
        listed(self.database, self.caller.user_pk)

    def log_in(self) -> None:
        """Open a session that has expired, and one that has not."""

        def work(uow: Any) -> None:
            user = uow.users.lock(self.caller.user_pk)
            for lifetime in (timedelta(), timedelta(days=1)):
                session = open_session(user, lifetime, uow)
            uow.commit()
            self.sessions.append(session.value)

        self.database.write(work)

    def tidy(self) -> None:
        for kind in Expiring:
            self.database.write(partial(remove_expired, kind, AT_ONCE, BATCH))
        self.database.write(partial(remove_delivered_events, timedelta(), BATCH))
        after = 0
        while batch := self.database.write(
            partial(remove_settled_accounts, timedelta(), after, BATCH)
        ):
            after = batch.last


@pytest.mark.no_cover  # the same lines, many times
def test_tidying_takes_nothing_that_is_needed(busy_database: Database, engines: Engines) -> None:
    shop = Shop(busy_database, store_user(busy_database))

    done = together(
        shop.ask, shop.decide, shop.deliver, shop.read, shop.log_in, shop.tidy, shop.tidy
    )

    shop.tidy()
    assert all(done)
    with busy_database.reading() as uow:
        assert all(authenticate(value, uow) for value in shop.sessions)
    assert broken(engines) == []
    requests = metadata.tables["cancellation_requests"]
    with engines.autocommit.connect() as connection:
        rows = connection.execute(sa.select(requests.c.status, requests.c.iban)).all()
    needed = (CancellationStatus.OPEN, CancellationStatus.APPROVED)
    assert {(status in needed) == (iban is not None) for status, iban in rows} == {True}


@pytest.mark.no_cover
def test_erasing_is_not_undone_by_who_came_before(
    busy_database: Database, engines: Engines
) -> None:
    """The request was authorized, and the import read, before the erasure."""
    user = store_user(busy_database, email=EMAIL)
    shop = Shop(busy_database, user)
    shop.caller = Caller(user.pk, is_guest=False)
    lines = [line_document(line=line) for line in range(1, 3)]
    numbers = iter(range(10**6))

    def imports() -> None:
        notes = f"gizli {next(numbers)}"
        order = imported_order(user=user_document(email=EMAIL), notes=notes, items=lines)
        with busy_database.importing("import:tests") as store:
            store.store_orders([order])
            store.commit()

    imports()

    def erase() -> None:
        busy_database.write(
            lambda uow: erase_personal_data(EMAIL, OPERATOR, uow, even_underway=True)
        )

    done = together(shop.ask, shop.decide, imports, erase, shop.deliver, shop.tidy)

    for pk in set(shop.request_pks):
        for service in (reject_request, approve_request, complete_request):
            with suppress(Refusal):
                busy_database.write(partial(service, pk, OPERATOR))
    with suppress(Refusal):
        erase()
    with pytest.raises(Refusal):
        shop.ask()
    assert done[2] > 0
    assert broken(engines) == []
    assert list(words(engines, "gizli")) == []
    assert list(words(engines, IBAN.lower())) == []


def words(engines: Engines, word: str) -> Iterator[str]:
    with engines.autocommit.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                for column, value in row.items():
                    if word in str(value).lower():
                        yield f"{table.name}.{column}"


def test_an_import_that_began_before_an_erasure_is_not_mixed_with_it(
    busy_database: Database, engines: Engines
) -> None:
    """The import stores the order before the erasure, or for a new user after it."""
    for number in range(10):
        email = f"{number}-{EMAIL}"
        store_user(busy_database, email=email)
        start = Barrier(2)

        def erase(email: str = email, start: Barrier = start) -> None:
            start.wait()
            busy_database.write(
                lambda uow: erase_personal_data(email, OPERATOR, uow, even_underway=True)
            )

        def imports(email: str = email, start: Barrier = start, number: int = number) -> Any:
            order = imported_order(number=f"N{number}", user=user_document(email=email))
            start.wait()
            with busy_database.importing("import:tests") as store:
                [answer] = store.store_orders([order])
                store.commit()
            return answer

        with ThreadPoolExecutor(2) as pool:
            running = pool.submit(erase), pool.submit(imports)
            running[0].result()
            assert not isinstance(running[1].result(), Rejected)

    orders, users = metadata.tables["orders"], metadata.tables["users"]
    mixed = sa.select(orders.c.number).join(users, users.c.pk == orders.c.user_pk)
    mixed = mixed.where(
        users.c.email.endswith("@erased.invalid") != orders.c.erased_date.is_not(None)
    )
    with engines.autocommit.connect() as connection:
        assert connection.execute(mixed).all() == []


def test_no_line_misses_a_carrier_that_is_added_while_it_is_imported(
    busy_database: Database, engines: Engines
) -> None:
    draft = CarrierDraft(code="hizli", label="Hızlı", name="Adresten")

    def add() -> None:
        busy_database.write(lambda uow: add_carrier(draft, OPERATOR, uow))
        busy_database.write(partial(offer_carriers, 0, timedelta(days=14), 50))

    with ThreadPoolExecutor(1) as pool:
        with busy_database.importing("import:tests") as store:
            store.store_orders([imported_order()])
            adding = pool.submit(add)
            sleep(0.5)  # long enough to finish, if it did not wait
            store.commit()
        adding.result()

    offers = metadata.tables["order_item_easy_return_companies"]
    with engines.autocommit.connect() as connection:
        assert len(connection.execute(sa.select(offers)).all()) == 1


def test_a_document_that_was_being_rendered_is_not_stored_after_an_erasure(
    database: Database, engines: Engines, order_renderer: FakeRenderer
) -> None:
    user = store_user(database, email=EMAIL)
    store_order(database, user_pk=user.pk, user_email=EMAIL)
    erase = partial(erase_personal_data, EMAIL, OPERATOR, even_underway=True)

    def describe(order: Order) -> str:
        if order.user_email == EMAIL:  # read before the erasure, stored after it
            database.write(erase)
        return order.user_email

    order_renderer.describe = describe
    [before] = listed(database, user.pk)
    leaked = list(words(engines, "gizli"))
    [after] = listed(database, user.pk)

    assert (before["shown"], leaked) == (EMAIL, [])
    assert after["shown"].endswith("@erased.invalid")
