from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4
from warnings import catch_warnings, filterwarnings

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from domain.audit import AuditEntry, Subject
from domain.cancellations import CancellationStatus
from persistence import migrations
from persistence.cancellations import cancellation_requests
from persistence.database import Database
from persistence.engines import Engines, Pool, connect
from persistence.schema import metadata
from tests.builders import NOW, make_item, make_order, make_request
from tests.conftest import MakeUrl
from tests.fakes import fake_renderers
from tests.persistence.cancelling import store_reason_of
from tests.persistence.selling import kept_counts, sold, store_sold, true_counts, two_sellers
from tests.persistence.stored import index_definitions, store_user

IMPORTED_REQUESTS = "0011"


def migrate(url: str) -> None:
    database = Database(url, renderers=fake_renderers())
    database.migrate()
    database.close()


def run_step(engines: Engines, revision: str) -> None:
    """Run one step alone: what it needs is there, whatever later steps have made of the rest."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    step = ScriptDirectory.from_config(config).get_revision(revision)
    assert step is not None
    with (
        engines.writing.begin() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        step.module.upgrade()


def plain(value: object) -> object:
    """Whatever is not a list or a dict as text."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else str(value)


def described(engines: Engines) -> object:
    """All that the database knows of its tables."""
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
            repr(plain(each)) for each in (found if isinstance(found, list) else [found])
        )
        for question, answer in answers.items()
        for (_, table), found in answer.items()
        if table != "alembic_version"
    }


class TestMigrate:
    def test_makes_the_tables_that_the_queries_expect(
        self, make_url: MakeUrl, engines: Engines
    ) -> None:
        expected = connect(make_url(), Pool(1))
        metadata.create_all(expected.writing)

        assert described(engines) == described(expected)
        expected.dispose()

    def test_changes_nothing_the_second_time(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)
        made = connect(url, Pool(1))
        before = described(made)

        migrate(url)

        assert described(made) == before
        made.dispose()

    def test_lets_one_of_two_do_it(self, make_url: MakeUrl, engines: Engines) -> None:
        url = make_url()
        both = [Thread(target=migrate, args=(url,)) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()

        made = connect(url, Pool(1))
        assert described(made) == described(engines)
        made.dispose()

    def test_counts_the_sellers_orders_that_are_there(self, make_url: MakeUrl) -> None:
        url = make_url()
        migrate(url)
        database, engines = Database(url, renderers=fake_renderers()), connect(url, Pool(1))
        items = [sold(seller, line) for line, seller in enumerate(two_sellers(), 1)]
        orders = ({"number": number, "items": items} for number in "AB")
        store_sold(database, store_user(database).pk, *orders)
        with engines.writing.begin() as connection:
            connection.exec_driver_sql("DROP TABLE seller_order_counts")

        run_step(engines, "0008")

        assert kept_counts(engines) == true_counts(engines) != {}
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

        run_step(engines, IMPORTED_REQUESTS)

        with engines.autocommit.connect() as connection:
            found = connection.execute(
                sa.select(cancellation_requests.c.uuid, cancellation_requests.c.is_imported)
            )
            assert dict(found.all()) == {requests[0].uuid: False, requests[1].uuid: True}
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
                given = {"pk": 1, "uuid": uuid4().hex, "created_date": NOW, **values}
                known = {key: each for key, each in given.items() if key in table.c}
                connection.execute(sa.insert(table).values(known))

        migrate(url)

        with engines.writing.begin() as connection:
            for name in rows:
                count = connection.execute(sa.text(f"SELECT count(*) FROM {name}"))  # noqa: S608
                assert count.scalar_one() == 1, name
            scopes = connection.execute(sa.text("SELECT seller_pk, scopes FROM seller_tokens"))
            assert tuple(scopes.one()) == (1, "orders:read plans:read")
        engines.dispose()
