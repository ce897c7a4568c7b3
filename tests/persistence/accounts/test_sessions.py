from datetime import timedelta

import pytest
import sqlalchemy as sa

from domain.accounts.sessions import Session, SessionOwner
from domain.accounts.users import User, UserType
from persistence.accounts.sessions import sessions
from persistence.accounts.users import users
from persistence.database import Database
from persistence.engine.engines import Engines
from tests.support.builders import NOW
from tests.support.stored import store_user

HASH = bytes(range(32))


def open_session(database: Database, user: User, id_hash: bytes = HASH, hours: int = 1) -> None:
    with database.writing() as uow:
        uow.sessions.add(
            Session(
                id_hash=id_hash,
                user_pk=user.pk,
                created_date=NOW,
                expires_date=NOW + timedelta(hours=hours),
            )
        )
        uow.commit()


def owner(database: Database, id_hash: bytes = HASH) -> SessionOwner | None:
    with database.reading() as uow:
        return uow.sessions.owner(id_hash)


class TestNewest:
    def test_is_the_start_of_the_last_session_of_the_user(
        self, database: Database, shopper: User
    ) -> None:
        other = store_user(database, email="other@example.com")
        with database.writing() as uow:
            for number, (user, hours) in enumerate([(shopper, 1), (shopper, 2), (other, 3)]):
                uow.sessions.add(
                    Session(
                        id_hash=bytes([number]) * 32,
                        user_pk=user.pk,
                        created_date=NOW + timedelta(hours=hours),
                        expires_date=NOW + timedelta(days=1),
                    )
                )
            uow.commit()

        with database.reading() as uow:
            assert uow.sessions.newest(shopper.pk) == NOW + timedelta(hours=2)

    def test_is_none_without_sessions(self, database: Database, shopper: User) -> None:
        with database.reading() as uow:
            assert uow.sessions.newest(shopper.pk) is None


class TestOwner:
    @pytest.mark.parametrize("user_type", UserType)
    @pytest.mark.parametrize("is_active", [True, False])
    def test_has_all_fields_that_decide_about_a_session(
        self, database: Database, user_type: UserType, is_active: bool
    ) -> None:
        user = store_user(database, user_type=user_type, is_active=is_active)
        open_session(database, user)

        assert owner(database) == SessionOwner(
            user_pk=user.pk,
            is_guest=user_type is UserType.GUEST,
            is_active=is_active,
            expires_date=NOW + timedelta(hours=1),
        )

    def test_is_returned_for_an_expired_session_too(
        self, database: Database, shopper: User
    ) -> None:
        open_session(database, shopper, hours=-1)

        assert owner(database) is not None

    def test_is_none_for_an_unknown_hash(self, database: Database) -> None:
        assert owner(database) is None

    def test_is_found_among_the_sessions_of_a_user(self, database: Database, shopper: User) -> None:
        other = store_user(database, email="other@example.com")
        open_session(database, shopper)

        with database.reading() as uow:
            assert uow.sessions.owner(HASH, shopper.pk) == owner(database) is not None
            assert uow.sessions.owner(HASH, other.pk) is None


class TestRemove:
    def test_ends_a_session_of_that_user_only(self, database: Database, shopper: User) -> None:
        other = store_user(database, email="other@example.com")
        open_session(database, shopper)
        with database.writing() as uow:
            uow.sessions.remove(HASH, other.pk)
            assert uow.sessions.owner(HASH) is not None

            uow.sessions.remove(HASH, shopper.pk)
            uow.commit()

        assert owner(database) is None

    def test_ends_one_session(self, database: Database, shopper: User) -> None:
        open_session(database, shopper)
        open_session(database, shopper, id_hash=HASH[::-1])

        with database.writing() as uow:
            uow.sessions.remove(HASH)
            uow.commit()

        assert owner(database) is None
        assert owner(database, HASH[::-1]) is not None

    def test_of_an_unknown_one_does_nothing(self, database: Database) -> None:
        with database.writing() as uow:
            uow.sessions.remove(HASH)
            uow.commit()


def test_sessions_are_deleted_with_their_user(
    database: Database, engines: Engines, shopper: User
) -> None:
    open_session(database, shopper)

    with engines.writing.begin() as connection:
        connection.execute(sa.delete(users))
        left = connection.execute(sa.select(sessions)).all()

    assert left == []
