"""E-mail addresses and order numbers are unique by tables of their own."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.accounts.users import EmailTaken, User, UserType
from domain.imports.documents import Outcome
from domain.shared.errors import Unavailable
from persistence.accounts.emails import user_emails
from persistence.accounts.users import users
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.orders.numbers import order_numbers
from tests.conftest import MakeUrl
from tests.persistence.test_migrations import migrate, run_step
from tests.support.builders import make_user
from tests.support.documents import imported_old_order, imported_order
from tests.support.fakes import fake_renderers
from tests.support.stored import store_old_order, store_order, store_user


def rows_of(engines: Engines, table: sa.Table) -> set[Any]:
    with engines.autocommit.connect() as connection:
        return {tuple(row) for row in connection.execute(sa.select(table))}


def expected_emails(*stored: User) -> set[Any]:
    return {(user.email_key, user.user_type, user.pk) for user in stored}


class TestEmails:
    def test_are_claimed_with_the_user(self, database: Database, engines: Engines) -> None:
        both = [store_user(database, user_type=user_type) for user_type in UserType]

        assert rows_of(engines, user_emails) == expected_emails(*both)

    def test_of_another_node_are_taken(self, database: Database, engines: Engines) -> None:
        user = make_user()
        row = {"email_key": user.email_key, "user_type": user.user_type, "user_pk": 10**6}
        stored = store_user(database, email="other@example.com")
        with engines.writing.begin() as connection:
            connection.execute(sa.insert(user_emails).values(row | {"user_pk": stored.pk}))

        with pytest.raises(EmailTaken), database.writing() as uow:
            uow.users.add(user)

    def test_of_imported_users_are_claimed_once(self, database: Database, engines: Engines) -> None:
        for _ in range(2):
            with database.importing("import:ayse") as imports:
                imports.store_orders([imported_order()])
                imports.store_old_orders([imported_old_order()])
                imports.commit()

        stored = {(row.email_key, row.user_type, row.pk) for row in self.stored_users(engines)}
        assert rows_of(engines, user_emails) == stored != set()

    def stored_users(self, engines: Engines) -> list[Any]:
        with engines.autocommit.connect() as connection:
            return list(connection.execute(sa.select(users)))


class TestNumbers:
    def test_are_claimed_with_the_order(
        self, database: Database, engines: Engines, shopper: User
    ) -> None:
        order = store_order(database, user_pk=shopper.pk, number="A1")
        old_order_pk = store_old_order(database, user_pk=shopper.pk, number="A1")

        assert rows_of(engines, order_numbers) == {
            ("A1", False, shopper.pk, order.pk),
            ("A1", True, shopper.pk, old_order_pk),
        }

    def test_of_another_node_are_taken(
        self, database: Database, engines: Engines, shopper: User
    ) -> None:
        self.claim(engines, "A1")

        with pytest.raises(IntegrityError):
            store_order(database, user_pk=shopper.pk, number="A1")

    def test_of_another_node_make_an_import_run_again(
        self, database: Database, engines: Engines
    ) -> None:
        document = imported_order()
        self.claim(engines, document.number)

        with pytest.raises(Unavailable), database.importing("import:ayse") as imports:
            imports.store_orders([document])

    def test_of_imported_orders_are_claimed_once(
        self, database: Database, engines: Engines
    ) -> None:
        outcomes: list[Any] = []
        for _ in range(2):
            with database.importing("import:ayse") as imports:
                [result] = imports.store_orders([imported_order()])
                outcomes.append(result)
                imports.commit()

        assert [getattr(result, "outcome", None) for result in outcomes] == [
            Outcome.CREATED,
            Outcome.UNCHANGED,
        ]
        [(number, is_old, _, order_pk)] = rows_of(engines, order_numbers)
        assert (number, is_old, order_pk) == (imported_order().number, False, outcomes[0].pk)

    def claim(self, engines: Engines, number: str) -> None:
        row = {"number": number, "is_old": False, "user_pk": 10**6, "order_pk": 10**6}
        with engines.writing.begin() as connection:
            connection.execute(sa.insert(order_numbers).values(row))


class TestMigration:
    @pytest.fixture
    def filled(self, make_url: MakeUrl) -> Iterator[Engines]:
        """A migrated database with a user of each type, an order and an archived order."""
        url = make_url()
        migrate(url)
        database, engines = Database(url, renderers=fake_renderers()), connect(url, Pool(2))
        for user_type in UserType:
            user = store_user(database, user_type=user_type)
        store_order(database, user_pk=user.pk, number="A1")
        store_old_order(database, user_pk=user.pk, number="A1")
        database.close()
        yield engines
        engines.dispose()

    def test_claims_existing_rows(self, filled: Engines) -> None:
        expected = [rows_of(filled, table) for table in (user_emails, order_numbers)]
        with filled.writing.begin() as connection:
            connection.exec_driver_sql("DROP TABLE user_emails")
            connection.exec_driver_sql("DROP TABLE order_numbers")

            run_step(connection, "0022_unique_on_all_nodes")

        assert [rows_of(filled, table) for table in (user_emails, order_numbers)] == expected
