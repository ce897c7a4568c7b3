from typing import Any

import pytest
import sqlalchemy as sa

from domain.accounts.users import User
from persistence.accounts.users import users
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.sql.in_list import in_list, in_param
from tests.support.stored import plan_of, store_user


@pytest.fixture
def people(database: Database) -> list[User]:
    return [store_user(database, email=f"{name}@example.com") for name in "abc"]


def emails_where(engines: Engines, condition: sa.ColumnElement[bool], **values: Any) -> list[str]:
    chosen = sa.select(users.c.email).where(condition).order_by(users.c.email)
    with engines.autocommit.connect() as connection:
        return list(connection.execute(chosen, values).scalars())


class TestInList:
    @pytest.mark.parametrize("attribute", ["pk", "email", "uuid"])
    def test_finds_values_of_any_type(
        self, engines: Engines, people: list[User], attribute: str
    ) -> None:
        values = [getattr(person, attribute) for person in people[:2]]

        emails = emails_where(engines, in_list(users.c[attribute], values))

        assert emails == ["a@example.com", "b@example.com"]

    def test_finds_nothing_in_an_empty_list(self, engines: Engines, people: list[User]) -> None:
        assert emails_where(engines, in_list(users.c.pk, [])) == []

    def test_can_be_negated(self, engines: Engines, people: list[User]) -> None:
        assert emails_where(engines, ~in_list(users.c.pk, [people[0].pk])) == [
            "b@example.com",
            "c@example.com",
        ]

    def test_accepts_a_list_as_a_parameter(self, engines: Engines, people: list[User]) -> None:
        pks = [person.pk for person in people[1:]]

        emails = emails_where(engines, in_param(users.c.pk, "pks"), pks=pks)

        assert emails == ["b@example.com", "c@example.com"]

    def test_uses_the_index(
        self, engines: Engines, people: list[User], statements: list[tuple[str, Any]]
    ) -> None:
        emails_where(engines, in_list(users.c.pk, [1, 2]))

        plan = plan_of(engines, *statements[-1])
        assert "SEARCH users USING INTEGER PRIMARY KEY" in plan or "pk_users" in plan
