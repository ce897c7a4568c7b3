import pytest
from sqlalchemy.exc import IntegrityError

from domain.accounts.users import EmailTaken, PasswordOwner, User, UserType
from persistence.database import Database
from tests.support import citus
from tests.support.builders import make_user
from tests.support.stored import store_user


class TestAdd:
    def test_assigns_a_pk(self, database: Database) -> None:
        user = store_user(database, email="Ayse@Example.com")

        with database.reading() as uow:
            stored = uow.users.get(user.pk)

        assert stored is not None
        assert (stored.email, stored.uuid) == ("Ayse@Example.com", user.uuid)

    def test_refuses_a_taken_address(self, database: Database) -> None:
        store_user(database, email="ayse@example.com")

        with pytest.raises(EmailTaken) as refusal:
            store_user(database, email="AYSE@example.com")

        assert refusal.value.field == "email"

    def test_the_unit_of_work_can_continue_after_a_refusal(self, database: Database) -> None:
        store_user(database, email="ayse@example.com")

        with database.writing() as uow:
            with pytest.raises(EmailTaken):
                uow.users.add(make_user(email="ayse@example.com"))
            uow.users.add(make_user(email="other@example.com"))
            uow.commit()

        with database.reading() as uow:
            assert uow.users.by_email_key("other@example.com", UserType.REGISTERED) is not None

    def test_a_guest_may_use_the_address_of_a_registered_user(self, database: Database) -> None:
        registered = store_user(database, email="ayse@example.com")
        guest = store_user(database, email="ayse@example.com", user_type=UserType.GUEST)

        with database.reading() as uow:
            users = {kind: uow.users.by_email_key("ayse@example.com", kind) for kind in UserType}

        assert {kind: user and user.pk for kind, user in users.items()} == {
            UserType.REGISTERED: registered.pk,
            UserType.GUEST: guest.pk,
        }

    @citus.one_node(citus.UUIDS)
    def test_raises_other_errors_unchanged(self, database: Database, shopper: User) -> None:
        with pytest.raises(IntegrityError):
            store_user(database, uuid=shopper.uuid)


class TestFinding:
    def test_returns_none_for_unknown_users(self, database: Database) -> None:
        with database.reading() as uow:
            assert uow.users.get(1) is None
            assert uow.users.by_email_key("unknown@example.com", UserType.GUEST) is None
            assert uow.users.password_owner("unknown@example.com") is None

    def test_a_password_owner_is_registered(self, database: Database) -> None:
        address = {"email": "ayse@example.com"}
        store_user(database, **address, user_type=UserType.GUEST)
        with database.reading() as uow:
            assert uow.users.password_owner("ayse@example.com") is None
        user = store_user(database, **address, password_hash="hash", is_active=False)

        with database.reading() as uow:
            owner = uow.users.password_owner("ayse@example.com")

        assert owner == PasswordOwner(user.pk, is_active=False, password_hash="hash")


def test_a_change_is_stored_with_the_commit(database: Database, shopper: User) -> None:
    with database.writing() as uow:
        user = uow.users.get(shopper.pk)
        assert user is not None
        user.password_hash = "new"
        uow.commit()

    with database.reading() as uow:
        stored = uow.users.get(shopper.pk)
    assert stored is not None
    assert stored.password_hash == "new"
