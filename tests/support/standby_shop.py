"""A database that reads standbys, with one shopper and one order."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from domain.accounts.sessions import authenticate, open_session
from domain.accounts.users import User
from domain.orders.orders import OrderQuery
from domain.shared.errors import Unavailable
from domain.shared.paging import PageRequest
from domain.shared.positions import ORIGIN, Position, StandbyReader
from domain.unit_of_work import UnitOfWork
from persistence.database import Database
from persistence.engine.engines import Pool, StandbyOptions
from persistence.engine.standbys import StandbyStatus
from tests.support.fakes import FakeRenderer, fake_renderers
from tests.support.processes import wait_until
from tests.support.replication import Replicated
from tests.support.stored import store_order, store_user

_STAND_IN = -1
FIRST = StandbyReader(ORIGIN, "a reader")


class Shop:
    """A database that reads standbys, a shopper with an order, and a session."""

    def __init__(self, servers: Replicated, database: Database) -> None:
        self.primary, self.standby = servers.nodes[:2]
        self.database = database
        self.user: User = store_user(database)
        self.order = store_order(database, user_pk=self.user.pk, notes="placed")
        self.session = self.open_session()
        self.standby.wait_for(self.primary)
        self.wait_until_read()

    def open_session(self) -> str:
        """Begin a session of the shopper; return its value."""
        with self.database.writing() as uow:
            return open_session(self.user, timedelta(days=1), uow).value

    def change(self, notes: str) -> Position:
        """Change the order's notes; return the position after it."""
        positions: list[Position] = []

        def work(uow: UnitOfWork) -> None:
            order = uow.orders.get(self.order.pk)
            assert order is not None
            order.notes = notes
            uow.commit()

        self.database.write(work, positions.append)
        return positions[-1]

    def read(self, reader: StandbyReader = FIRST, session: str | None = None) -> str:
        """Return the notes of the shopper's order."""

        def page(pk: int, uow: UnitOfWork) -> Any:
            return uow.orders.page(OrderQuery(pk), PageRequest(1, 3), "en-us")

        with self.database.prefetching(lambda uow: page(_STAND_IN, uow), reader) as uow:
            caller = authenticate(session or self.session, uow)
        with self.database.reading(uow):
            [document] = page(caller.user_pk, uow).documents
        notes: str = json.loads(document)["shown"]
        return notes

    def status(self) -> StandbyStatus:
        """The state of the one standby."""
        [status] = self.database.standbys()
        return status

    def is_read(self) -> bool:
        """Whether a standby serves a reader who has changed nothing."""
        before = self._reads()
        self.read()
        return self._reads() > before

    def wait_until_read(self) -> None:
        wait_until(self.is_read)

    def _reads(self) -> int:
        return sum(status.reads for status in self.database.standbys())


@contextmanager
def opened_shop(servers: Replicated, lag: float = 60, **options: Any) -> Iterator[Shop]:
    """A shop that reads the first standby, with these options of ``StandbyOptions``."""
    primary, standby = servers.nodes[:2]
    database = open_database(primary.url(), StandbyOptions(standby.url(), lag, **options))
    try:
        yield Shop(servers, database)
    finally:
        database.close()


def open_database(url: str, standbys: StandbyOptions | None = None) -> Database:
    """A database whose documents show the notes of their orders."""
    renderer = FakeRenderer()
    renderer.describe = lambda order: order.notes
    pool = Pool(4, timeout=5, standbys=standbys)
    return Database(url, renderers=fake_renderers(renderer), pool=pool)


def once_available(work: Callable[[], Any]) -> Any:
    """The first result of ``work`` that does not raise Unavailable."""
    results: list[Any] = []

    def attempt() -> bool:
        try:
            results.append(work())
        except Unavailable:
            return False
        return True

    wait_until(attempt)
    return results[-1]
