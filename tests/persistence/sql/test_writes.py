from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.accounts.users import User
from persistence.accounts.users import users
from persistence.engine.engines import Engines
from persistence.orders.sellers import sellers
from persistence.sql.bulk import Overwrite, Row
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.references import row_of
from persistence.sql.work import Work
from persistence.sql.writes import Writes
from tests.conftest import KIND
from tests.support import citus
from tests.support.builders import make_seller, make_user

Statements = list[tuple[str, Any]]

RENAMED = CompiledQuery(
    sa.update(users)
    .where(users.c.pk == sa.bindparam("row_pk"))
    .values(first_name=sa.bindparam("name"))
    .returning(users.c.first_name)
)
IS_TOGETHER = KIND == "postgres" and not citus.COORDINATOR
BY_SLUG = Overwrite(("slug",), unchanged=("uuid",))


def user_row(email: str) -> Row:
    return row_of(users, make_user(email=email))


def seller_row(**fields: Any) -> Row:
    return row_of(sellers, make_seller(**fields))


@pytest.fixture
def work(engines: Engines) -> Iterator[Work]:
    with closing(Work(engines.writing)) as work:
        yield work


@pytest.fixture
def writes(work: Work, shopper: User, statements: Statements) -> Writes:
    writes = Writes(work)
    statements.clear()
    return writes


def names(work: Work) -> list[str]:
    return list(work.scalars(sa.select(users.c.first_name).order_by(users.c.pk)).all())


class TestSend:
    def test_sends_all_writes(
        self, work: Work, writes: Writes, shopper: User, statements: Statements
    ) -> None:
        taken: list[str] = []
        rows = [seller_row(slug="first"), seller_row(slug="second")]
        writes.insert(sellers, rows)
        writes.update(users, RENAMED, {"row_pk": shopper.pk, "name": "Zeynep"}, taken.append)
        writes.send()

        assert len(statements) == (1 if IS_TOGETHER else 2)
        assert taken == names(work) == ["Zeynep"]
        assert len(work.scalars(sa.select(sellers.c.pk)).all()) == len(rows)

    def test_keeps_the_order_of_writes_within_a_table(
        self, work: Work, writes: Writes, statements: Statements
    ) -> None:
        writes.insert(sellers, [seller_row(slug="one", name="First")], BY_SLUG)
        writes.insert(users, [user_row("ayse@example.com")])
        writes.insert(sellers, [seller_row(slug="one", name="Second")], BY_SLUG)
        writes.send()

        assert len(statements) == (2 if IS_TOGETHER else 3)
        assert work.scalar(sa.select(sellers.c.name)) == "Second"

    def test_sends_each_write_once(
        self, work: Work, writes: Writes, shopper: User, statements: Statements
    ) -> None:
        writes.insert(sellers, [])
        writes.update(users, RENAMED, {"row_pk": shopper.pk, "name": "Zeynep"})
        writes.send()
        writes.send()

        assert len(statements) == 1
        assert names(work) == ["Zeynep"]

    def test_raises_the_errors_of_the_database(self, work: Work, writes: Writes) -> None:
        def write() -> None:
            writes.insert(sellers, [seller_row(slug="one")])
            writes.insert(users, [user_row(f"{at}@example.com") | {"pk": 1} for at in range(2)])
            writes.send()

        with pytest.raises(IntegrityError), work.savepoint():
            write()

        assert work.scalar(sa.select(sa.func.count()).select_from(sellers)) == 0
