"""PostgreSQL restarts between two units of work: reads succeed, and no change is repeated."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from domain.orders.orders import Order
from domain.shared.errors import Unavailable
from domain.unit_of_work import UnitOfWork
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.work import Work
from tests.conftest import KIND
from tests.support.replication import Node, migrated_servers
from tests.support.standby_shop import open_database
from tests.support.stored import listed, store_order, store_user

pytestmark = [
    pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no server"),
    pytest.mark.usefixtures("make_url"),  # or the run on PostgreSQL would leave it out
]

_END_OWN = sa.select(sa.func.pg_terminate_backend(sa.func.pg_backend_pid()))
_SLEEP = sa.select(sa.cast(sa.func.pg_sleep(20), sa.Text))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with migrated_servers(0) as servers:
        yield servers.nodes[0]


class Shop:
    """A database with one order, whose server has restarted since it was used."""

    def __init__(self, node: Node) -> None:
        self.database: Database = open_database(node.url())
        self.user_pk = store_user(self.database).pk
        self.order: Order = store_order(self.database, user_pk=self.user_pk, notes="placed")
        self.read()
        node.stop("immediate")
        node.start()

    def read(self) -> list[dict[str, Any]]:
        """The documents of the shopper's orders."""
        return listed(self.database, self.user_pk)

    def change(self) -> int:
        """Change the order's notes; return how often the work was run."""
        runs = 0

        def work(uow: UnitOfWork) -> None:
            nonlocal runs
            runs += 1
            order = uow.orders.get(self.order.pk)
            assert order is not None
            order.notes = "changed"
            uow.commit()

        try:
            self.database.write(work)
        finally:
            self.runs = runs
        return runs

    def notes(self) -> str:
        with self.database.reading() as uow:
            order = uow.orders.get(self.order.pk)
        assert order is not None
        return str(order.notes)


@pytest.fixture
def shop(node: Node) -> Iterator[Shop]:
    shop = Shop(node)
    yield shop
    shop.database.close()


def test_a_read_succeeds(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    assert [document["shown"] for document in shop.read()] == ["placed"]
    assert caplog.messages == ["the server had closed a connection; a statement is repeated"]


def test_a_read_with_sqlalchemy_succeeds(shop: Shop) -> None:
    with shop.database.reading() as uow:
        assert uow.sessions.newest(shop.user_pk) is None


def test_a_document_is_rendered(shop: Shop) -> None:
    cache = shop.database._caches["orders"]  # noqa: SLF001
    now = shop.database._clock()  # noqa: SLF001

    rendered = cache.render({shop.order.pk: 1}, "tr-tr", now, shop.user_pk)

    assert list(rendered) == [shop.order.pk]


def test_the_database_is_ready_at_once(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.database.require_ready()

    assert not caplog.records


def test_the_figures_are_read(shop: Shop) -> None:
    assert shop.database.figures().shop is not None


def test_a_database_that_is_away_is_not_ready(shop: Shop, node: Node) -> None:
    node.stop("immediate")
    try:
        with pytest.raises(Unavailable):
            shop.database.require_ready()
    finally:
        node.start()
    shop.database.require_ready()


def test_a_change_is_not_repeated(shop: Shop) -> None:
    with pytest.raises(Unavailable):
        shop.change()

    assert shop.runs == 1
    assert shop.notes() == "placed"
    assert shop.change() == 1
    assert shop.notes() == "changed"


def test_a_change_succeeds_after_a_read(shop: Shop) -> None:
    shop.read()

    assert shop.change() == 1
    assert shop.notes() == "changed"


@pytest.fixture
def engines(node: Node) -> Iterator[Engines]:
    engines = connect(node.url(), Pool(1, timeout=0.3))
    yield engines
    engines.dispose()


@pytest.fixture
def executions(engines: Engines) -> list[str]:
    """The statements that SQLAlchemy has run."""
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    for engine in engines.bases:
        sa.event.listen(engine, "before_cursor_execute", note)
    return statements


def _reading(engines: Engines) -> Work:
    return Work(engines.autocommit, is_writing=False, is_transaction=False)


def _changing(engines: Engines) -> Work:
    return Work(engines.writing)


@pytest.mark.parametrize(("begin", "count"), [(_reading, 2), (_changing, 1)])
def test_a_statement_is_repeated_once_if_it_only_reads(
    engines: Engines, executions: list[str], begin: Callable[[Engines], Work], count: int
) -> None:
    work = begin(engines)

    with pytest.raises(OperationalError):
        work.execute(_END_OWN)

    assert len(executions) == count
    work.close()


def test_a_statement_of_the_driver_is_repeated_once(
    engines: Engines, caplog: pytest.LogCaptureFixture
) -> None:
    work = _reading(engines)

    with pytest.raises(OperationalError):
        CompiledQuery(_END_OWN).rows(work, {})

    assert len(caplog.messages) == 1
    work.close()


def test_a_statement_is_not_repeated_after_a_timeout(
    engines: Engines, executions: list[str]
) -> None:
    work = _reading(engines)

    with pytest.raises(OperationalError) as raised:
        work.execute(_SLEEP)

    assert raised.value.connection_invalidated
    assert len(executions) == 1
    work.close()


def test_a_read_is_refused_while_the_server_is_away(node: Node) -> None:
    shop = Shop(node)
    node.stop("immediate")

    with pytest.raises(Unavailable):
        shop.read()

    node.start()
    assert len(shop.read()) == 1
    shop.database.close()
