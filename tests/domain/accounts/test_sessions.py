from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from domain.accounts.sessions import (
    Credentials,
    Session,
    VerifiedCredentials,
    authenticate,
    check_credentials,
    id_hash,
    log_in,
    log_out,
    open_session,
    user_pk_in,
)
from domain.accounts.users import UserType
from domain.shared.errors import LoginFailed, NotAuthenticated, TooManyAttempts
from tests.support.account_fakes import FakeAttempts, FakePasswords, FakeUnitOfWork, make_shopper
from tests.support.builders import NOW

LIFETIME = timedelta(days=14)


def check(uow: FakeUnitOfWork, **overrides: Any) -> VerifiedCredentials:
    fakes: dict[str, Any] = {"passwords": FakePasswords(), "attempts": FakeAttempts()}
    shown = {"email": "ayse@example.com", "password": "correct horse", "address": "192.0.2.1"}
    for name, value in overrides.items():
        (fakes if name in fakes else shown)[name] = value
    return check_credentials(Credentials(**shown), fakes["passwords"], fakes["attempts"], uow)


class TestCheckCredentials:
    def test_accepts_the_right_password_and_counts_no_miss(self) -> None:
        user, attempts = make_shopper(email="ayse@example.com"), FakeAttempts()

        verified = check(FakeUnitOfWork(user), email=" AYSE@example.com ", attempts=attempts)

        assert (verified.user_pk, verified.new_hash, attempts.misses) == (user.pk, None, [])

    @pytest.mark.parametrize(
        ("overrides", "verified"),
        [
            ({"password_hash": "old:something else"}, "old:something else"),
            ({"email": "other@example.com"}, None),
            ({"is_active": False}, None),
            ({"password_hash": None}, None),
            ({"user_type": UserType.GUEST}, None),
        ],
        ids=["wrong password", "unknown e-mail", "inactive", "without password", "guest"],
    )
    def test_refuses_all_other_logins_with_the_same_error_after_one_verification(
        self, overrides: dict[str, Any], verified: str | None
    ) -> None:
        passwords, attempts = FakePasswords(), FakeAttempts()
        uow = FakeUnitOfWork(make_shopper(**{"email": "ayse@example.com"} | overrides))

        with pytest.raises(LoginFailed) as refusal:
            check(uow, passwords=passwords, attempts=attempts)

        assert (refusal.value.message, refusal.value.field) == (LoginFailed.message, None)
        assert passwords.verified == [verified]
        assert [(miss.email, miss.address) for miss in attempts.misses] == [
            ("ayse@example.com", "192.0.2.1")
        ]

    def test_counts_the_attempt_before_it_verifies_the_password(self) -> None:
        attempts, begun = FakeAttempts(), []

        class Verifying(FakePasswords):
            def verify(self, password_hash: str | None, password: str) -> bool:
                begun.append(len(attempts.begun))
                return super().verify(password_hash, password)

        user = make_shopper(email="ayse@example.com")
        check(FakeUnitOfWork(user), passwords=Verifying(), attempts=attempts)

        assert (begun, attempts.misses) == ([1], [])

    @pytest.mark.parametrize("email", ["", "ayse", "ayse\0@example.com", "x" * 300])
    def test_does_not_query_users_for_an_invalid_email(self, email: str) -> None:
        uow, passwords = FakeUnitOfWork(), FakePasswords()
        del uow.users

        with pytest.raises(LoginFailed):
            check(uow, email=email, passwords=passwords)

        assert passwords.verified == [None]

    def test_refuses_even_the_right_password_when_a_limit_is_reached(self) -> None:
        uow, passwords = FakeUnitOfWork(make_shopper(email="ayse@example.com")), FakePasswords()

        with pytest.raises(TooManyAttempts) as refusal:
            check(uow, passwords=passwords, attempts=FakeAttempts(wait=90))

        assert (refusal.value.retry_after, passwords.verified) == (90, [])

    def test_returns_a_new_hash_when_the_parameters_have_changed(self) -> None:
        uow = FakeUnitOfWork(make_shopper(email="ayse@example.com"))

        assert check(uow, passwords=FakePasswords("new")).new_hash == "new:correct horse"


class TestLogIn:
    def test_opens_a_session_and_stores_only_its_hash(self) -> None:
        user = make_shopper()
        uow = FakeUnitOfWork(user)

        logged_in, opened = log_in(verified_for(user), None, LIFETIME, uow)

        (stored,) = uow.sessions.stored.values()
        assert (logged_in, stored.user_pk, uow.commits) == (user, user.pk, 1)
        assert stored.id_hash == sha256(opened.value.encode()).digest()
        assert (stored.created_date, stored.expires_date) == (NOW, NOW + LIFETIME)
        assert opened.expires_date == stored.expires_date
        assert opened.value not in repr(opened) + repr(stored)

    def test_creates_a_new_value_each_time(self) -> None:
        user = make_shopper()
        uow = FakeUnitOfWork(user)

        values = {log_in(verified_for(user), None, LIFETIME, uow)[1].value for _ in range(3)}

        assert len(values) == 3
        assert {len(value) for value in values} == {43}
        # Clients of the platform read the value with \w+.
        assert all(value.isascii() and value.isalnum() for value in values)

    def test_ends_the_session_of_the_request(self) -> None:
        user, other = make_shopper(), make_shopper()
        uow = FakeUnitOfWork(user, other)
        planted = open_session(other, LIFETIME, uow)

        log_in(verified_for(user), planted.value, LIFETIME, uow)

        with pytest.raises(NotAuthenticated):
            authenticate(planted.value, uow)

    def test_stores_the_hash_with_the_new_parameters(self) -> None:
        user = make_shopper()

        log_in(
            VerifiedCredentials(user.pk, "old:correct horse", "new:x"),
            None,
            LIFETIME,
            FakeUnitOfWork(user),
        )

        assert user.password_hash == "new:x"

    @pytest.mark.parametrize(
        "overrides", [{"password_hash": "old:changed"}, {"is_active": False}, {"pk": 10**6}]
    )
    def test_refuses_a_user_who_changed_since_the_check(self, overrides: dict[str, Any]) -> None:
        verified = VerifiedCredentials(make_shopper().pk, "old:correct horse", "new:x")
        user = make_shopper(**{"pk": verified.user_pk} | overrides)
        uow = FakeUnitOfWork(user)

        with pytest.raises(LoginFailed):
            log_in(verified, None, LIFETIME, uow)

        assert (uow.sessions.stored, uow.commits) == ({}, 0)


class TestUserPkIn:
    @pytest.mark.parametrize("pk", [1, 61, 62, 10**6, 62**8 - 1])
    def test_is_the_user_of_the_session(self, pk: int) -> None:
        user = make_shopper(pk=pk)

        opened = open_session(user, LIFETIME, FakeUnitOfWork(user))

        assert user_pk_in(opened.value) == pk

    @pytest.mark.parametrize("value", ["x" * 43, "000" + "-" * 40, "0" * 42, "0" * 44])
    def test_is_none_for_values_of_an_earlier_version(self, value: str) -> None:
        assert user_pk_in(value) is None


class TestAuthenticate:
    def test_finds_a_session_of_an_earlier_version(self) -> None:
        user = make_shopper()
        uow = FakeUnitOfWork(user)
        session = Session(
            id_hash=id_hash("x" * 43),
            user_pk=user.pk,
            created_date=NOW,
            expires_date=NOW + LIFETIME,
        )
        uow.sessions.add(session)

        assert authenticate("x" * 43, uow).user_pk == user.pk

    @pytest.mark.parametrize("user_type", UserType)
    def test_returns_the_caller_of_a_valid_session(self, user_type: UserType) -> None:
        user = make_shopper(user_type=user_type)
        uow = FakeUnitOfWork(user)

        caller = authenticate(open_session(user, LIFETIME, uow).value, uow)

        assert (caller.user_pk, caller.is_guest) == (user.pk, user_type is UserType.GUEST)

    @pytest.mark.parametrize(
        "value",
        [
            None,
            "",
            "x" * 42,
            "x" * 44,
            "x" * 42 + "\0",
            "x" * 42 + "é",
            "x" * 10**6,
            "x" * 43 + "\n",
        ],
        ids=["none", "empty", "short", "long", "NUL", "non-ASCII", "absurd", "newline"],
    )
    def test_refuses_a_value_of_another_format_without_a_query(self, value: str | None) -> None:
        uow = FakeUnitOfWork()

        with pytest.raises(NotAuthenticated):
            authenticate(value, uow)

        assert uow.sessions.lookups == 0

    def test_refuses_an_unknown_value(self) -> None:
        with pytest.raises(NotAuthenticated):
            authenticate("x" * 43, FakeUnitOfWork())

    def test_refuses_a_session_at_the_instant_it_expires(self) -> None:
        user = make_shopper()
        uow = FakeUnitOfWork(user)
        opened = open_session(user, LIFETIME, uow)
        uow.now = opened.expires_date

        with pytest.raises(NotAuthenticated):
            authenticate(opened.value, uow)

    def test_refuses_the_session_of_an_inactive_user(self) -> None:
        user = make_shopper()
        uow = FakeUnitOfWork(user)
        opened = open_session(user, LIFETIME, uow)
        user.is_active = False

        with pytest.raises(NotAuthenticated):
            authenticate(opened.value, uow)


class TestLogOut:
    def test_ends_the_session_and_no_other(self) -> None:
        user = make_shopper()
        uow = FakeUnitOfWork(user)
        ended, other = (open_session(user, LIFETIME, uow) for _ in range(2))

        log_out(ended.value, uow)

        assert authenticate(other.value, uow).user_pk == user.pk
        with pytest.raises(NotAuthenticated):
            authenticate(ended.value, uow)


def verified_for(user: Any) -> VerifiedCredentials:
    return VerifiedCredentials(user.pk, user.password_hash, None)


def test_repr_does_not_contain_secrets() -> None:
    shown = [
        Credentials("ayse@example.com", "correct horse", "192.0.2.1"),
        VerifiedCredentials(1, "old:correct horse", "new:correct horse"),
    ]

    assert "correct horse" not in repr(shown)
