from typing import Any

import pytest

from domain.accounts.user_accounts import NewUser, create_user, deactivate_user
from domain.accounts.users import EmailTaken, User, UserType, WeakPassword, email_key
from domain.shared.errors import InvalidInput, NotFound
from tests.support.account_fakes import FakePasswords, FakeUnitOfWork, make_shopper

LONGEST_EMAIL = f"{'a' * 64}@{'b' * 62}.{'b' * 61}.{'b' * 61}.co"


def create(uow: FakeUnitOfWork | None = None, /, **overrides: Any) -> User:
    values = {"email": "ayse@example.com", "password": "correct horse"}
    return create_user(NewUser(**values | overrides), FakePasswords(), uow or FakeUnitOfWork())


class TestCreateUser:
    def test_stores_a_registered_user_with_a_hashed_password(self) -> None:
        uow = FakeUnitOfWork()

        user = create(uow, email="Ayse@Example.com", first_name="Ayşe", last_name="Öztürk")

        assert uow.users.stored == [user]
        assert (user.email, user.email_key) == ("Ayse@Example.com", "ayse@example.com")
        assert user.password_hash == "old:correct horse"
        assert (user.user_type, user.is_active) == (UserType.REGISTERED, True)
        assert (user.first_name, user.last_name) == ("Ayşe", "Öztürk")
        assert (user.created_date, uow.commits) == (uow.now, 1)

    def test_stores_a_guest_if_there_is_no_password(self) -> None:
        user = create(password=None)

        assert (user.user_type, user.password_hash) == (UserType.GUEST, None)

    def test_refuses_an_email_that_differs_from_a_taken_one_in_case_only(self) -> None:
        uow = FakeUnitOfWork(make_shopper(email="ayse@example.com"))

        with pytest.raises(EmailTaken) as refusal:
            create(uow, email="AYSE@example.com")

        assert (refusal.value.field, refusal.value.code) == ("email", "email_taken")
        assert uow.commits == 0

    def test_lets_a_guest_and_a_registered_user_share_an_email(self) -> None:
        uow = FakeUnitOfWork(make_shopper(email="ayse@example.com"))

        assert create(uow, password=None).pk != create(uow, email="other@example.com").pk

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "ayse",
            "ayse@",
            "@example.com",
            "ayse@example",
            "ayse@@example.com",
            "ay se@example.com",
            "ayse@example..com",
            "ayse@example.com\n",
            "ayse\0@example.com",
            "ayse\ud800@example.com",
            "a..b@example.com",
            "ayşe@example.com",
            "ayse@-example.com",
            "a" * 65 + "@example.com",
            LONGEST_EMAIL + "m",
        ],
    )
    def test_refuses_an_invalid_email(self, email: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            create(email=email)

        assert refusal.value.field == "email"

    def test_accepts_an_email_of_254_characters(self) -> None:
        assert len(LONGEST_EMAIL) == 254
        assert create(email=LONGEST_EMAIL).email == LONGEST_EMAIL

    def test_refuses_a_password_of_seven_characters(self) -> None:
        with pytest.raises(WeakPassword) as refusal:
            create(password="1234567")

        assert (refusal.value.field, refusal.value.params) == ("password", {"limit": 8})

    @pytest.mark.parametrize(
        ("field", "text"),
        [
            ("password", "x" * 1025),
            ("first_name", "x" * 151),
            ("last_name", "x" * 151),
            ("first_name", "Ay\0şe"),
            ("password", "correct\ud800horse"),
        ],
    )
    def test_refuses_other_invalid_texts(self, field: str, text: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            create(**{field: text})

        assert refusal.value.field == field


class TestEmailKey:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("AYSE@EXAMPLE.COM", "ayse@example.com"),
            ("straße@example.com", "STRASSE@example.com"),
            ("cafe\u0301@example.com", "caf\u00e9@example.com"),
        ],
    )
    def test_is_the_same_for_two_spellings_of_one_address(self, one: str, other: str) -> None:
        assert email_key(one) == email_key(other)


def test_repr_does_not_contain_the_password_hash() -> None:
    assert "correct horse" not in repr(make_shopper())


def test_a_user_who_is_erased_before_the_lock_is_not_changed() -> None:
    user = make_shopper(email="ayse@example.com")
    uow = FakeUnitOfWork(user)
    lock = uow.users.lock

    def erased(pk: int) -> User | None:
        user.email_key = "erased-1@erased.invalid"
        return lock(pk)

    uow.users.lock = erased  # type: ignore[method-assign]

    with pytest.raises(NotFound):
        deactivate_user("ayse@example.com", UserType.REGISTERED, "operator:ayse", uow)
    assert user.is_active
