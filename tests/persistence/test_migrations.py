from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4
from warnings import catch_warnings, filterwarnings

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations

from domain.audit import AuditEntry, Subject
from domain.imports.cancellations import read_requests
from domain.imports.parts import Part, SnapshotPool
from domain.orders.cancellations import CancellationReason, CancellationStatus, CancellationType
from domain.shared.money import Currency
from domain.shared.paging import PageRequest
from persistence import migrations
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.orders.cancellations import cancellation_requests
from persistence.sql.columns import metadata
from tests.conftest import MakeUrl
from tests.support import citus
from tests.support.builders import NOW, make_item, make_order, make_reason, make_request
from tests.support.fakes import fake_renderers
from tests.support.stored import index_definitions, store_user
from tests.support.stored_cancellations import store_reason_of
from tests.support.stored_sellers import sold, store_sold, stored_counts, true_counts, two_sellers


def migrate(url: str) -> None:
    database = Database(url, renderers=fake_renderers())
    database.migrate()
    database.close()


def run_step(connection: sa.Connection, name: str) -> None:
    """Run one migration alone, on tables of the newest revision without its changes."""
    step = import_module(f"persistence.migrations.versions.{name}")
    context = MigrationContext.configure(connection, opts={"render_as_batch": True})
    with Operations.context(context):
        step.upgrade()


def plain(value: object) -> object:
    """Return a value with everything but lists and dictionaries as text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else str(value)


def described(engines: Engines) -> object:
    """The schema, as the database reflects it."""
    inspector = sa.inspect(engines.autocommit)
    questions = (
        inspector.get_multi_columns,
        inspector.get_multi_pk_constraint,
        inspector.get_multi_foreign_keys,
        inspector.get_multi_unique_constraints,
        inspector.get_multi_check_constraints,
    )
    with catch_warnings():
        # The indexes are compared below, as SQL.
        filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        answers = {question.__name__: dict(question()) for question in questions}
    indexes = {
        ("indexes", table.name): index_definitions(engines, table)
        for table in metadata.sorted_tables
    }
    return indexes | {
        (question, table): sorted(
            repr(plain(row)) for row in (result if isinstance(result, list) else [result])
        )
        for question, answer in answers.items()
        for (_, table), result in answer.items()
        if table in metadata.tables  # and no partition
    }


@pytest.fixture
def migrated(make_url: MakeUrl, engines: Engines) -> Iterator[Engines]:
    """Engines of a migrated database that is not distributed."""
    if not citus.COORDINATOR:
        yield engines
        return
    url = make_url()
    migrate(url)
    own = connect(url, Pool(1))
    yield own
    own.dispose()


class TestMigrate:
    def test_makes_the_tables_that_the_queries_expect(
        self, make_url: MakeUrl, migrated: Engines
    ) -> None:
        url = make_url()
        database = Database(url, renderers=fake_renderers())
        database.create_tables()
        expected = connect(url, Pool(1))

        assert described(migrated) == described(expected)
        expected.dispose()
        database.close()

    def test_changes_nothing_the_second_time(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)
        made = connect(url, Pool(1))
        before = described(made)

        migrate(url)

        assert described(made) == before
        made.dispose()

    def test_lets_one_of_two_do_it(self, make_url: MakeUrl, migrated: Engines) -> None:
        url = make_url()
        both = [Thread(target=migrate, args=(url,)) for _ in range(2)]
        for process in both:
            process.start()
        for process in both:
            process.join()

        made = connect(url, Pool(1))
        assert described(made) == described(migrated)
        made.dispose()

    def test_counts_the_sellers_orders_that_are_there(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)
        database, engines = Database(url, renderers=fake_renderers()), connect(url, Pool(1))
        sellers = two_sellers()
        orders = (
            {
                "number": number,
                "items": [sold(seller, line) for line, seller in enumerate(sellers, 1)],
            }
            for number in "AB"
        )
        store_sold(database, store_user(database).pk, *orders)
        with engines.writing.begin() as connection:
            connection.exec_driver_sql("DROP TABLE seller_order_counts")
            run_step(connection, "0008_seller_order_counts")

        assert stored_counts(engines) == true_counts(engines) != {}
        database.close()
        engines.dispose()

    def test_finds_the_requests_that_documents_own(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)
        database, engines = Database(url, renderers=fake_renderers()), connect(url, Pool(1))
        reason_pk, user_pk = store_reason_of(database).pk, store_user(database).pk
        requests = [
            make_request(reason_pk=reason_pk),
            make_request(reason_pk=reason_pk, status=CancellationStatus.REJECTED),
        ]
        item = make_item(cancellation_requests=requests)
        with database.writing() as uow:
            uow.orders.add(make_order(user_pk=user_pk, items=[item]))
            uow.audit.add(
                AuditEntry(
                    created_date=NOW,
                    actor="user:1",
                    subject=Subject.CANCELLATION_REQUEST,
                    subject_uuid=requests[0].uuid,
                    from_state=None,
                    to_state="open",
                )
            )
            uow.commit()
        with engines.writing.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE cancellation_requests DROP COLUMN is_imported")
            connection.exec_driver_sql("ALTER TABLE order_imports DROP COLUMN document_date")
            for name in ("unpaid_amount", "unpaid_discount_amount"):
                connection.exec_driver_sql(
                    f"ALTER TABLE cancellation_plan_items DROP COLUMN {name}"
                )

            run_step(connection, "0011_imported_requests")

        with engines.autocommit.connect() as connection:
            result = connection.execute(
                sa.select(cancellation_requests.c.uuid, cancellation_requests.c.is_imported)
            )
            assert dict(result.all()) == {requests[0].uuid: False, requests[1].uuid: True}
        database.close()
        engines.dispose()

    def test_keeps_tokens_events_and_the_audit_trail(self, make_url: MakeUrl) -> None:
        url = make_url()
        engines = connect(url, Pool(1))
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        rows: dict[str, dict[str, Any]] = {
            "sellers": {"slug": "usta", "name": "Usta"},
            "seller_tokens": {
                "seller_pk": 1,
                "name": "ERP",
                "token_hash": b"x" * 32,
                "scopes": "orders:read plans:read",
                "expires_date": NOW,
            },
            "outbox_events": {
                "kind": "item_rejected",
                "payload": "{}",
                "status": "pending",
                "attempts": 0,
                "due_date": NOW,
            },
            "audit_entries": {
                "actor": "system",
                "subject": "order",
                "subject_uuid": str(uuid4()),
                "to_state": "waiting",
            },
        }
        with engines.writing.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0008")
            for name, values in rows.items():
                table = sa.Table(name, sa.MetaData(), autoload_with=connection)
                row = {"pk": 1, "uuid": uuid4().hex, "created_date": NOW, **values}
                columns = {key: value for key, value in row.items() if key in table.c}
                connection.execute(sa.insert(table).values(columns))

        migrate(url)

        with engines.writing.begin() as connection:
            for name in rows:
                count = connection.execute(sa.text(f"SELECT count(*) FROM {name}"))  # noqa: S608
                assert count.scalar_one() == 1, name
            scopes = connection.execute(sa.text("SELECT seller_pk, scopes FROM seller_tokens"))
            assert tuple(scopes.one()) == (1, "orders:read plans:read")
        engines.dispose()


class TestReasons:
    def test_a_new_shop_has_some_of_both_types_in_both_languages(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)

        stored = reasons(url)

        assert len(stored) == 11
        for kind in CancellationType:
            own = [reason for reason in stored if reason.cancellation_type is kind]
            orders = [reason.order for reason in own]
            assert orders == sorted(set(orders))
            assert own[-1].translations["en-us"] == {"subject": "Other"}
            assert own[-1].translations["tr-tr"] == {"subject": "Diğer"}
            assert own[-1].extra_information_needed
        assert all({"en-us", "tr-tr"} == reason.translations.keys() for reason in stored)
        assert all(reason.is_active for reason in stored)

    def test_are_those_that_documents_with_the_same_content_name(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)

        for reason in reasons(url):
            document = {
                "translations": reason.translations,
                "order": reason.order,
                "extra_information_needed": reason.extra_information_needed,
            }
            line = {
                "quantity": 1,
                "cancellation_requests": [
                    {
                        "reason": document,
                        "cancellation_type": reason.cancellation_type.value,
                        "status": "rejected",
                        "created_date": "2026-01-01T00:00:00Z",
                    }
                ],
            }
            [request] = read_requests(Part(line, "", Currency.TRY), "1/1", SnapshotPool())
            assert request.reason["uuid"] == reason.uuid

    def test_do_not_come_back(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)
        change(url, "UPDATE cancellation_reasons SET is_active = false")

        migrate(url)

        assert not [reason for reason in reasons(url) if reason.is_active]

    def test_a_shop_with_reasons_of_its_own_gets_none(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)
        change(url, "DELETE FROM cancellation_reasons")
        database = Database(url, renderers=fake_renderers())
        with database.writing() as uow:
            uow.cancellation_reasons.add(make_reason())
            uow.commit()
        database.close()

        install_reasons(url)

        assert len(reasons(url)) == 1

    def test_one_that_is_there_and_inactive_is_left(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)
        change(url, "UPDATE cancellation_reasons SET is_active = false")
        change(url, "DELETE FROM cancellation_reasons WHERE cancellation_type = 'cancel'")

        install_reasons(url)

        assert {reason.is_active for reason in reasons(url)} == {True, False}
        assert len(reasons(url)) == 11


def reasons(url: str) -> list[CancellationReason]:
    database = Database(url, renderers=fake_renderers())
    with database.reading() as uow:
        result = uow.cancellation_reasons.page(None, PageRequest())
    database.close()
    return result


def change(url: str, statement: str) -> None:
    engines = connect(url, Pool(1))
    with engines.writing.begin() as connection:
        connection.exec_driver_sql(statement)
    engines.dispose()


def install_reasons(url: str) -> None:
    """Repeat what the migration does with reasons."""
    step = import_module("persistence.migrations.versions.0010_registry")
    engines = connect(url, Pool(1))
    with (
        engines.writing.begin() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        step.install_reasons()
    engines.dispose()
