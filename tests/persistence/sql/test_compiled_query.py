from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.accounts.users import User, UserType
from domain.shared.errors import Unavailable
from persistence.accounts.users import users
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.sql.bulk import insert_rows
from persistence.sql.compiled_query import CompiledQuery, Execution, observe
from persistence.sql.references import row_of
from persistence.sql.work import Work
from tests.conftest import KIND, MakeUrl
from tests.support.builders import NOW, make_user
from tests.support.fakes import fake_renderers
from tests.support.stored import store_user

OF_USER = CompiledQuery(
    sa.select(users.c.user_type, users.c.uuid, users.c.created_date, sa.literal(5)).where(
        users.c.pk == sa.bindparam("pk"), users.c.created_date >= sa.bindparam("since")
    )
)

BY_EMAIL = CompiledQuery(sa.select(users.c.pk).where(users.c.email_key == sa.bindparam("email")))
RENAMED = CompiledQuery(sa.update(users).values(first_name=sa.bindparam("first_name")))


class TestCompiledQuery:
    def test_converts_parameters_and_results_like_sqlalchemy(
        self, engines: Engines, database: Database
    ) -> None:
        user = store_user(database, created_date=NOW)
        values = {"pk": user.pk, "since": NOW}

        with closing(Work(engines.autocommit)) as work:
            rows = OF_USER.rows(work, values)

        assert rows == [(UserType.REGISTERED, user.uuid, NOW, 5)]

    def test_refuses_a_value_that_the_column_does_not_accept(self, engines: Engines) -> None:
        naive = datetime.now(UTC).replace(tzinfo=None)

        with closing(Work(engines.autocommit)) as work, pytest.raises(ValueError, match="zone"):
            OF_USER.rows(work, {"pk": 1, "since": naive})

    def test_flushes_before_it_runs(self, database: Database, shopper: User) -> None:
        named = CompiledQuery(sa.select(users.c.first_name).where(users.c.pk == sa.bindparam("pk")))

        with database.writing() as uow:
            user = uow.users.get(shopper.pk)
            assert user is not None
            user.first_name = "Ayşe"

            assert named.scalar(uow.users._work, {"pk": shopper.pk}) == "Ayşe"  # type: ignore[attr-defined]  # noqa: SLF001

    def test_raises_sqlalchemy_s_errors(self, engines: Engines) -> None:
        nothing = CompiledQuery(
            sa.select(sa.literal_column("a").label("a")).select_from(sa.table("b"))
        )

        with closing(Work(engines.autocommit)) as work, pytest.raises(DBAPIError) as raised:
            nothing.rows(work, {})

        assert not raised.value.connection_invalidated


class TestConnections:
    @pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no server that could cut them")
    def test_are_closed_after_they_were_interrupted(self, make_url: MakeUrl) -> None:
        # A database of its own, since other tests need the shared one's connections.
        url = make_url()
        database = Database(url, renderers=fake_renderers())
        database.migrate()
        with database.writing() as uow:
            assert uow.sessions.owner(b"a" * 32) is None
        _cut(url)

        with pytest.raises(Unavailable), database.writing() as uow:
            uow.sessions.owner(b"a" * 32)

        with database.writing() as uow:
            assert uow.sessions.owner(b"a" * 32) is None
        database.close()


def _cut(url: str) -> None:
    """End all other connections to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


class TestObserve:
    def test_gets_text_and_rows_of_each_statement(
        self, engines: Engines, observed: list[Execution]
    ) -> None:
        secret = "secret@example.com"
        with closing(Work(engines.writing)) as work:
            rows = [make_row(email=f"{at}{secret}") for at in range(3)]
            insert_rows(work, users, rows)
            BY_EMAIL.rows(work, {"email": f"1{secret}"})
            BY_EMAIL.rows(work, {"email": "unknown"})
            RENAMED.rows(work, {"first_name": secret})

        commands = [(execution.sql.split()[0], execution.rows) for execution in observed]
        assert commands == [("INSERT", 3), ("SELECT", 1), ("SELECT", 0), ("UPDATE", 3)]
        assert not any(secret in execution.sql + execution.name for execution in observed)
        assert all(execution.began <= execution.ended for execution in observed)
        assert all(execution.error is None for execution in observed)

    def test_ends_with_the_function_that_it_returns(self, engines: Engines) -> None:
        observed: list[Execution] = []
        end = observe(observed.append)
        end()

        with closing(Work(engines.autocommit)) as work:
            BY_EMAIL.rows(work, {"email": "a"})

        assert observed == []

    def test_gets_the_error_of_a_failed_statement(
        self, engines: Engines, observed: list[Execution]
    ) -> None:
        with closing(Work(engines.writing)) as work, pytest.raises(IntegrityError) as raised:
            insert_rows(work, users, [make_row(email=email) | {"pk": 1} for email in ("a", "b")])

        [execution] = observed
        assert execution.error is raised.value.orig
        assert (execution.rows, execution.sql.split()[0]) == (0, "INSERT")

    def test_gets_the_error_of_a_failed_read(
        self, engines: Engines, observed: list[Execution]
    ) -> None:
        failing = CompiledQuery(sa.select(sa.literal_column("no_such_column")).select_from(users))
        with closing(Work(engines.autocommit)) as work, pytest.raises(DBAPIError):
            failing.rows(work, {})

        assert [type(execution.error) is not None for execution in observed] == [True]


@pytest.fixture
def observed() -> Iterator[list[Execution]]:
    """The statements from now on, as an observer receives them."""
    observed: list[Execution] = []
    end = observe(observed.append)
    yield observed
    end()


def make_row(**overrides: Any) -> dict[str, Any]:
    return row_of(users, make_user(**overrides))
