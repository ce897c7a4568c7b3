"""The keys of distributed tables, without Citus; if Citus is tried, in a distributed database."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta

import click
import pytest
import sqlalchemy as sa

from domain.privacy.retention import Expiring
from domain.shared.errors import Unavailable
from domain.shared.readiness import DistributedStandbys
from handlers.cli.database import refuse_unsuitable_connections
from persistence import distributing
from persistence.accounts.emails import user_emails
from persistence.database import Database
from persistence.distributing import (
    Step,
    StepsOf,
    copy_steps,
    foreign_key_steps,
    has_citus,
    key_steps,
    obstacles,
    stored_keys,
    wanted_keys,
)
from persistence.engine.engines import Engines, Pool, StandbyOptions, connect
from persistence.engine.nodes import is_distributed
from persistence.orders.aggregate import ORDER
from persistence.orders.orders import orders
from persistence.sql.distributed_tables import (
    REFERENCE_TABLES,
    distributed_tables,
    distribution_column,
)
from persistence.sql.work import Work
from tests.conftest import KIND, MakeUrl
from tests.persistence.test_migrations import migrate
from tests.support import citus
from tests.support.documents import imported_old_order, imported_order
from tests.support.every_statement import fill_every_table
from tests.support.fakes import fake_renderers
from tests.support.stored import store_user

only_postgresql = pytest.mark.skipif(KIND == "sqlite", reason="for PostgreSQL")


@pytest.fixture
def filled(make_url: MakeUrl) -> Iterator[tuple[str, Engines]]:
    """The URL of a database with rows in all tables, and its engines."""
    url = make_url()
    migrate(url)
    database, engines = Database(url, renderers=fake_renderers()), connect(url, Pool(2))
    fill_every_table(database, engines, store_user(database))
    database.close()
    yield url, engines
    engines.dispose()


@pytest.fixture
def converted(filled: tuple[str, Engines]) -> Iterator[tuple[Database, Engines]]:
    """The same database, distributed, or with the keys of distributed tables."""
    url, engines = filled
    (citus.distribute if citus.COORDINATOR else citus.convert)(url)
    engines.dispose()
    database, again = Database(url, renderers=fake_renderers()), connect(url, Pool(2))
    yield database, again
    again.dispose()
    database.close()


def phase_steps(engines: Engines, phase: StepsOf) -> list[Step]:
    with engines.writing.begin() as connection:
        return phase(connection)


def run(engines: Engines, steps: Sequence[Step]) -> None:
    with engines.writing.begin() as connection:
        for step in steps:
            for statement in step.statements:
                connection.exec_driver_sql(statement)


@only_postgresql
class TestKeys:
    def test_have_the_distribution_column(self, converted: tuple[Database, Engines]) -> None:
        _, engines = converted
        with engines.autocommit.connect() as connection:
            stored = {key.name: key for key in stored_keys(connection)}
            wanted = wanted_keys(connection.dialect)
            assert [key for key in wanted if stored.get(key.name) != key] == []
        columns = {table.name: distribution_column(table) for table in distributed_tables()}
        for key in stored.values():
            column = columns.get(key.table)
            target = key.definition.partition(" REFERENCES ")[2].partition("(")[0]
            if column is not None and target not in REFERENCE_TABLES:
                assert str(column.key) in key.definition, key

    def test_are_made_once(self, converted: tuple[Database, Engines]) -> None:
        _, engines = converted
        with engines.autocommit.connect() as connection:
            assert key_steps(connection) == foreign_key_steps(connection) == []
            assert copy_steps(connection) == []

    def test_that_are_made_in_part_are_continued(self, filled: tuple[str, Engines]) -> None:
        _, engines = filled
        for phase in (key_steps, foreign_key_steps):
            left = phase_steps(engines, phase)
            while left:
                run(engines, left[: len(left) // 2 + 1])
                now_left = phase_steps(engines, phase)
                assert now_left == left[len(left) // 2 + 1 :]
                left = now_left

    def test_lose_no_foreign_key_but_those_to_other_nodes(
        self, filled: tuple[str, Engines], converted: tuple[Database, Engines]
    ) -> None:
        in_metadata = {
            str(constraint.name)
            for table in distributed_tables()
            for constraint in table.foreign_key_constraints
        }
        with converted[1].autocommit.connect() as connection:
            stored = {key.name for key in stored_keys(connection) if key.kind == "f"}

        assert in_metadata - stored == {"fk_one_time_tokens_user_pk"}


@only_postgresql
def test_a_table_in_use_is_waited_for_with_a_limit(
    filled: tuple[str, Engines], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, engines = filled
    monkeypatch.setattr(distributing, "LOCK_TIMEOUT_MS", 50)
    with closing(Database(url, renderers=fake_renderers())) as database:
        left = phase_steps(engines, key_steps)
        with engines.writing.connect() as connection:
            connection.exec_driver_sql("LOCK TABLE users, orders")
            with pytest.raises(Unavailable):
                database.distribution.apply(lambda _: None)

    assert set(phase_steps(engines, key_steps)) <= set(left)
    assert phase_steps(engines, key_steps)


@only_postgresql
def test_connections_of_other_processes_are_counted(
    filled: tuple[str, Engines], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, server = filled
    server.dispose()
    with closing(Database(url, renderers=fake_renderers())) as database:
        database.require_ready()
        assert database.distribution.other_connections() == 0  # without its own
        monkeypatch.setattr(distributing, "_OTHERS_SECONDS", 0.1)
        with server.autocommit.connect():
            assert database.distribution.other_connections() == 1
        assert database.distribution.other_connections() == 1  # an idle one of the server's pool


@only_postgresql
class TestDatabase:
    """What servers do on a distributed database."""

    def test_is_known_to_be_distributed(self, converted: tuple[Database, Engines]) -> None:
        for pool in (converted[1].writing, converted[1].autocommit, converted[1].cache_writer):
            with pool.connect() as connection:
                assert is_distributed(connection)

    def test_is_known_not_to_be_distributed(self, filled: tuple[str, Engines]) -> None:
        with filled[1].writing.connect() as connection:
            assert not is_distributed(connection)

    def test_stores_and_loads_orders(self, converted: tuple[Database, Engines]) -> None:
        database, engines = converted
        user = store_user(database, email="other@example.com")
        with engines.autocommit.connect() as connection:
            pks = list(connection.scalars(sa.select(orders.c.pk).order_by(orders.c.pk)))
        with closing(Work(engines.writing)) as work:
            loaded = work.load(ORDER, pks)
            for order in loaded:
                order.notes = "changed"
            work.commit()
        with closing(Work(engines.writing, is_writing=False)) as work:
            assert [order.notes for order in work.read(ORDER, pks)] == ["changed"] * len(pks)
        with engines.autocommit.connect() as connection:
            found = sa.select(user_emails.c.user_pk).where(
                user_emails.c.email_key == user.email_key
            )
            assert connection.execute(found).scalar_one() == user.pk

    def test_imports_documents_again(self, converted: tuple[Database, Engines]) -> None:
        database, _ = converted
        changed = imported_order(notes="A new note")
        with database.importing("import:ayse") as imports:
            results = imports.store_orders([changed])
            results += imports.store_old_orders([imported_old_order()])
            imports.commit()

        assert [getattr(result, "outcome", result) for result in results] == [
            "updated",
            "unchanged",
        ]

    def test_refuses_standbys(self, converted: tuple[Database, Engines]) -> None:
        url = converted[1].writing.url.render_as_string(hide_password=False)
        pool = Pool(2, standbys=StandbyOptions(url))
        with closing(Database(url, renderers=fake_renderers(), pool=pool)) as database:
            with pytest.raises(DistributedStandbys):
                database.require_ready()
            with pytest.raises(click.ClickException, match="WAYBILL_DATABASE_READ_URL"):
                refuse_unsuitable_connections(database)

    def test_removes_expired_rows_in_batches(self, converted: tuple[Database, Engines]) -> None:
        database, _ = converted
        with database.writing() as uow:
            long_ago, now = uow.now - timedelta(days=9), uow.now
            for number in range(5):
                uow.idempotency_keys.claim(f"user {number}", "key", b"f" * 32, long_ago)
            uow.commit()

        removed = []
        for _ in range(3):
            with database.writing() as uow:
                removed.append(uow.retention.remove(Expiring.KEYS, now - timedelta(days=1), 2))
                uow.commit()

        assert removed == [2, 2, 1]

    def test_stores_documents_again(self, converted: tuple[Database, Engines]) -> None:
        database, engines = converted
        with engines.autocommit.connect() as connection:
            [(pk, user_pk), *_] = connection.execute(
                sa.select(orders.c.pk, orders.c.user_pk).order_by(orders.c.pk)
            ).all()
        with closing(Work(engines.writing)) as work:
            [order] = work.load(ORDER, [pk], user_pk=user_pk)
            order.notes = "changed"
            work.commit()
        documents = sa.text("SELECT version FROM order_documents WHERE order_pk = :pk")
        with database.reading() as uow:
            assert uow.orders.document(user_pk, pk, "en-us")

        with engines.autocommit.connect() as connection:
            assert list(connection.scalars(documents, {"pk": pk})) == [order.version]


@only_postgresql
@citus.one_node("what a database without Citus lacks")
def test_citus_is_needed(engines: Engines) -> None:
    with engines.autocommit.connect() as connection:
        assert not has_citus(connection)
        [obstacle] = obstacles(connection)
    assert obstacle.startswith("The database has no Citus")


@pytest.mark.skipif(KIND == "postgres", reason="for SQLite")
def test_sqlite_can_not_be_distributed(engines: Engines) -> None:
    with engines.autocommit.connect() as connection:
        assert obstacles(connection) == ["Only a database of PostgreSQL can be distributed."]
