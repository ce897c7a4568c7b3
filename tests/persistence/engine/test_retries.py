"""Transactions that fail because of concurrent ones run again."""

import logging
from typing import Any

import psycopg.errors
import pytest
from sqlalchemy.exc import OperationalError

from domain.accounts.users import EmailTaken, UserType
from domain.shared.errors import NotFound, Unavailable
from persistence.database import MAX_ATTEMPTS, Database
from tests.support.builders import make_user


class Work:
    """Stores a user, after ``times`` failures."""

    def __init__(self, times: int, lost: Exception) -> None:
        self.times = times
        self.lost = lost
        self.runs = 0

    def __call__(self, uow: Any) -> int:
        self.runs += 1
        user = make_user(email="ayse@example.com")
        uow.users.add(user)
        if self.runs <= self.times:
            raise OperationalError("UPDATE", {}, self.lost)
        uow.commit()
        return int(user.pk)


@pytest.mark.parametrize(
    "lost", [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()]
)
class TestWrite:
    def test_repeats_work_that_lost(self, database: Database, lost: Exception) -> None:
        work = Work(MAX_ATTEMPTS - 1, lost)

        pk = database.write(work)

        assert work.runs == MAX_ATTEMPTS
        with database.reading() as uow:
            assert uow.users.get(pk) is not None

    def test_raises_after_the_last_attempt(self, database: Database, lost: Exception) -> None:
        work = Work(MAX_ATTEMPTS, lost)

        with pytest.raises(Unavailable):
            database.write(work)

        assert work.runs == MAX_ATTEMPTS


class TestSavepoints:
    def test_are_used_after_one_was_needed(self, database: Database) -> None:
        """The first expected error within a block ends the whole attempt."""
        with database.writing() as uow:
            uow.users.add(make_user(email="ayse@example.com"))
            uow.commit()
        runs = []

        def work(uow: Any) -> None:
            runs.append(1)
            with pytest.raises(EmailTaken):
                uow.users.add(make_user(email="ayse@example.com"))
            uow.users.add(make_user(email="zeynep@example.com"))
            uow.commit()

        database.write(work)

        assert len(runs) == 2
        with database.reading() as uow:
            assert uow.users.by_email_key("zeynep@example.com", UserType.REGISTERED) is not None

    def test_are_not_used_in_the_first_attempt(
        self, database: Database, statements: list[tuple[str, Any]]
    ) -> None:
        def work(uow: Any) -> None:
            uow.users.add(make_user())
            uow.commit()

        statements.clear()
        database.write(work)

        assert not [text for text, _ in statements if text.startswith("SAVEPOINT")]

    def test_are_not_tried_when_the_database_is_away(self, database: Database) -> None:
        runs = []

        def work(uow: Any) -> None:
            runs.append(1)
            with uow.cancellation_requests.opening([1]):
                raise OperationalError("UPDATE", {}, psycopg.errors.AdminShutdown())

        with pytest.raises(Unavailable):
            database.write(work)

        assert len(runs) == 1


class TestOtherErrors:
    def test_unavailable_is_not_retried(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        work = Work(1, psycopg.errors.AdminShutdown())

        with caplog.at_level(logging.CRITICAL), pytest.raises(Unavailable):
            database.write(work)

        assert work.runs == 1

    def test_a_refusal_is_not_retried(self, database: Database) -> None:
        runs = []

        def work(_: Any) -> None:
            runs.append(1)
            raise NotFound

        with pytest.raises(NotFound):
            database.write(work)
        assert runs == [1]
