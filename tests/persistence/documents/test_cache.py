import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from domain.accounts.users import User
from domain.orders.orders import Order
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.orders import order_documents, orders
from persistence.sql.work import Work
from tests.conftest import Opened
from tests.support.builders import NOW
from tests.support.fakes import FakeClock, FakeRenderer, fake_renderers
from tests.support.stored import change_notes, listed, store_order


def notes(order: Order) -> object:
    return order.notes


@pytest.fixture
def order(database: Database, shopper: User, order_renderer: FakeRenderer) -> Order:
    order_renderer.describe = notes
    return store_order(database, user_pk=shopper.pk, notes="before")


@pytest.fixture
def caching_database(
    database_url: str,
    clock: FakeClock,
    order_renderer: FakeRenderer,
    old_order_renderer: FakeRenderer,
) -> Iterator[Database]:
    """The empty database, with documents cached in memory as well."""
    database = Database(
        database_url,
        renderers=fake_renderers(order_renderer, old_order_renderer),
        clock=clock,
    )
    yield database
    database.close()


@contextmanager
def locked(engines: Engines) -> Iterator[None]:
    """Lock out other writers of documents."""
    with engines.writing.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("LOCK TABLE order_documents IN SHARE MODE"))
        yield


class TestWarm:
    def test_a_page_costs_two_statements_and_no_rendering(
        self,
        database: Database,
        shopper: User,
        order_renderer: FakeRenderer,
        statements: list[tuple[str, Any]],
    ) -> None:
        for _ in range(12):
            store_order(database, user_pk=shopper.pk)
        first = listed(database, shopper.pk)
        statements.clear()
        order_renderer.rendered.clear()

        again = listed(database, shopper.pk)

        assert [statement.split()[0] for statement, _ in statements] == ["SELECT", "SELECT"]
        assert again == first
        assert order_renderer.rendered == []

    def test_a_document_costs_two(
        self, database: Database, order: Order, statements: list[tuple[str, Any]]
    ) -> None:
        listed(database, order.user_pk)
        statements.clear()

        with database.reading() as uow:
            uow.orders.document(order.user_pk, order.pk, "en-us")

        assert len(statements) == 2

    def test_only_what_is_missing_is_rendered(
        self, database: Database, order: Order, order_renderer: FakeRenderer
    ) -> None:
        listed(database, order.user_pk)
        new = store_order(database, user_pk=order.user_pk)

        listed(database, order.user_pk)

        assert order_renderer.rendered == [order.pk, new.pk]


class TestRemembered:
    """Documents in memory need no statement."""

    @pytest.fixture
    def database(self, caching_database: Database) -> Database:
        return caching_database

    def test_a_page_costs_one_statement(
        self, database: Database, shopper: User, statements: list[tuple[str, Any]]
    ) -> None:
        for _ in range(3):
            store_order(database, user_pk=shopper.pk)
        first = listed(database, shopper.pk)
        statements.clear()

        assert listed(database, shopper.pk) == first
        assert len(statements) == 1

    def test_a_document_costs_one(
        self, database: Database, order: Order, statements: list[tuple[str, Any]]
    ) -> None:
        listed(database, order.user_pk)
        statements.clear()

        with database.reading() as uow:
            assert uow.orders.document(order.user_pk, order.pk, "en-us")

        assert len(statements) == 1

    def test_what_one_process_remembers_is_stored_for_another(
        self, database: Database, opened: Opened, order: Order, order_renderer: FakeRenderer
    ) -> None:
        first = listed(database, order.user_pk)

        assert listed(opened.database, order.user_pk) == first
        assert order_renderer.rendered == [order.pk]


class TestStale:
    @pytest.fixture(params=["stored", "cached"])
    def database(
        self, request: pytest.FixtureRequest, opened: Opened, caching_database: Database
    ) -> Database:
        return caching_database if request.param == "cached" else opened.database

    def test_a_changed_order_is_rendered_anew(self, database: Database, order: Order) -> None:
        (before,) = listed(database, order.user_pk)

        change_notes(database, order.pk, "after")

        (document,) = listed(database, order.user_pk)
        assert document["version"] > before["version"]
        assert document["shown"] == "after"

    def test_a_rolled_back_change_is_not_seen(self, database: Database, order: Order) -> None:
        with database.writing() as uow:
            changed = uow.orders.get(order.pk)
            assert changed is not None
            changed.notes = "never"

        assert listed(database, order.user_pk)[0]["shown"] == "before"

    def test_each_language_has_its_own(self, database: Database, order: Order) -> None:
        with database.reading() as uow:
            turkish = uow.orders.document(order.user_pk, order.pk, "tr-tr")

        assert turkish is not None
        assert json.loads(turkish)["language"] == "tr-tr"
        assert listed(database, order.user_pk)[0]["language"] == "en-us"

    def test_another_edition_is_rendered_anew(
        self, database: Database, order: Order, order_renderer: FakeRenderer
    ) -> None:
        listed(database, order.user_pk)

        order_renderer.edition = "second"

        assert listed(database, order.user_pk)[0]["edition"] == "second"

    def test_a_document_ends_with_its_time(
        self,
        database: Database,
        order: Order,
        order_renderer: FakeRenderer,
        clock: FakeClock,
    ) -> None:
        end = NOW + timedelta(hours=1)
        order_renderer.valid_until = lambda _: end
        first = listed(database, order.user_pk)

        clock.now = end - timedelta(microseconds=1)
        assert listed(database, order.user_pk) == first
        clock.now = end
        assert listed(database, order.user_pk)[0]["now"] == end.isoformat()

    def test_an_older_rendering_never_replaces_a_newer(
        self, database: Database, order: Order, order_renderer: FakeRenderer
    ) -> None:
        def change_meanwhile(rendered: Order) -> object:
            order_renderer.describe = notes
            change_notes(database, order.pk, "after")
            listed(database, order.user_pk)
            return notes(rendered)

        order_renderer.describe = change_meanwhile
        listed(database, order.user_pk)
        order_renderer.rendered.clear()

        assert listed(database, order.user_pk)[0]["shown"] == "after"
        assert order_renderer.rendered == []

    def test_a_reader_that_races_a_writer_never_sees_what_was_before(
        self, database: Database, order: Order, order_renderer: FakeRenderer
    ) -> None:
        order_renderer.describe = lambda shown: [shown.notes, shown.items[0].tracking_number]
        committed = [0]
        done = Event()

        def write() -> None:
            for number in range(1, 25):
                with database.writing() as uow:
                    changed = uow.orders.get(order.pk)
                    assert changed is not None
                    changed.notes = changed.items[0].tracking_number = str(number)
                    uow.commit()
                committed[0] = number
            done.set()

        change_notes(database, order.pk, "0")
        writer = Thread(target=write)
        writer.start()
        while not done.is_set():
            at_least = committed[0]
            (document,) = listed(database, order.user_pk)
            shown, in_line = document["shown"]
            assert int(shown) >= at_least
            assert in_line in {shown, None}
        writer.join()


class TestKeeping:
    def test_a_failure_to_keep_is_logged_and_not_answered(
        self,
        database: Database,
        engines: Engines,
        order: Order,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with locked(engines):
            assert listed(database, order.user_pk)[0]["shown"] == "before"

        assert "rendered documents could not be stored" in caplog.text

    def test_what_was_not_stored_is_rendered_again(
        self, database: Database, engines: Engines, order: Order, order_renderer: FakeRenderer
    ) -> None:
        with locked(engines):
            listed(database, order.user_pk)
        listed(database, order.user_pk)
        listed(database, order.user_pk)

        assert order_renderer.rendered == [order.pk, order.pk]

    def test_a_document_goes_with_its_order(
        self, database: Database, engines: Engines, order: Order
    ) -> None:
        listed(database, order.user_pk)

        with engines.writing.begin() as connection:
            connection.execute(sa.delete(orders))
            remaining = connection.execute(sa.select(sa.func.count()).select_from(order_documents))

        assert remaining.scalar_one() == 0

    def test_an_order_that_is_gone_before_it_is_rendered_is_not_there(
        self, database: Database, engines: Engines, order: Order, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = Work.read

        def read_too_late(*arguments: Any) -> list[Any]:
            with engines.writing.begin() as connection:
                connection.execute(sa.delete(orders))
            return read(*arguments)

        monkeypatch.setattr(Work, "read", read_too_late)
        with database.reading() as uow:
            assert uow.orders.document(order.user_pk, order.pk, "en-us") is None


def test_a_writing_unit_of_work_has_no_documents(database: Database, order: Order) -> None:
    with database.writing() as uow, pytest.raises(RuntimeError, match="reading unit"):
        uow.orders.document(order.user_pk, order.pk, "en-us")
