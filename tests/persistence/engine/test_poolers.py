"""PgBouncer in front of PostgreSQL: a pooler in transaction mode is detected and supported."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import psycopg
import pytest

from domain.shared.errors import Unavailable
from domain.shared.readiness import TransactionPooler
from faults.debian import ProgramUnavailable
from faults.pgbouncer import (
    SESSION,
    TRANSACTION,
    PgBouncer,
    running_pgbouncer,
)
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.engine.poolers import is_shared
from tests.conftest import KIND, MakeUrl
from tests.support.fakes import fake_renderers
from tests.support.stored import change_notes, listed, store_order, store_user

pytestmark = pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no server to pool connections")

Start = Callable[..., PgBouncer]


@pytest.fixture
def start(migrated_url: str) -> Iterator[Start]:
    """Starts poolers in front of the test server; they stop with the test."""
    with ExitStack() as stack:

        def started(mode: str, size: int = 2, *, round_robin: bool = False) -> PgBouncer:
            pooler = running_pgbouncer(migrated_url, mode, size, round_robin=round_robin)
            try:
                return stack.enter_context(pooler)
            except ProgramUnavailable as error:
                pytest.skip(str(error))

        yield started


def warm(url: str, clients: int) -> None:
    """Open this many server connections of a pooler in transaction mode."""
    with ExitStack() as stack:
        connect = partial(psycopg.connect, url, prepare_threshold=None)
        for connection in [stack.enter_context(connect()) for _ in range(clients)]:
            connection.execute("SELECT 1")


class TestIsShared:
    def test_is_false_without_a_pooler(self, migrated_url: str) -> None:
        assert not is_shared(migrated_url)

    @pytest.mark.parametrize("round_robin", [False, True])
    @pytest.mark.parametrize("size", [1, 2, 5])
    def test_is_true_in_transaction_mode(self, start: Start, size: int, round_robin: bool) -> None:
        pooler = start(TRANSACTION, size, round_robin=round_robin)

        assert is_shared(pooler.url)
        warm(pooler.url, size)
        assert is_shared(pooler.url)

    @pytest.mark.parametrize("round_robin", [False, True])
    def test_is_false_in_session_mode(self, start: Start, round_robin: bool) -> None:
        pooler = start(SESSION, round_robin=round_robin)

        assert not any(is_shared(pooler.url) for _ in range(3))


class TestDatabase:
    def open(self, url: str, *, is_shared: bool = False) -> Database:
        return Database(url, renderers=fake_renderers(), pool=Pool(3, is_shared=is_shared))

    def test_refuses_a_transaction_pooler_without_the_setting(self, start: Start) -> None:
        database = self.open(start(TRANSACTION).url)

        with pytest.raises(TransactionPooler):
            database.require_session_pooling()
        database.close()

    def test_is_not_ready_without_the_setting(self, start: Start) -> None:
        database = self.open(start(TRANSACTION).url)

        with pytest.raises(TransactionPooler):
            database.require_ready()
        database.close()

    @pytest.mark.parametrize(
        ("mode", "is_shared"), [(SESSION, False), (SESSION, True), (TRANSACTION, True)]
    )
    def test_works_with_the_setting_and_with_session_mode(
        self, start: Start, make_url: MakeUrl, mode: str, is_shared: bool
    ) -> None:
        database = self.open(start(mode, 8).url_of(make_url()), is_shared=is_shared)
        database.require_session_pooling()

        database.migrate()

        database.require_ready()
        user = store_user(database)
        order = store_order(database, user_pk=user.pk)
        for notes in ("first", "second"):
            before = listed(database, user.pk)[0]["version"]
            change_notes(database, order.pk, notes)
            assert listed(database, user.pk)[0]["version"] > before
        database.close()

    def test_does_not_know_the_mode_of_a_pooler_that_does_not_answer(self) -> None:
        database = self.open("postgresql://waybill@127.0.0.1:1/none")

        with pytest.raises(Unavailable) as refusal:
            database.require_session_pooling()
        assert not isinstance(refusal.value, TransactionPooler)


def test_migrations_work_with_a_transaction_pooler(
    make_url: MakeUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools: list[Pool] = []

    def connected(url: str, pool: Pool) -> Engines:
        pools.append(pool)
        return connect(url, pool)

    database = Database(make_url(), renderers=fake_renderers(), pool=Pool(3, is_shared=True))
    monkeypatch.setattr("persistence.database.connect", connected)

    database.migrate()

    assert pools == [Pool(1, timeout=None, is_shared=True)]
    database.close()
