"""Concurrent changes of one account on both databases: each outcome is that of a serial order."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from domain.accounts.handovers import create_handover, redeem_handover
from domain.accounts.one_time_tokens import LinkExpired, OneTimeToken, Purpose
from domain.accounts.password_resets import set_password, set_password_by_link
from domain.accounts.sessions import VerifiedCredentials, log_in
from domain.accounts.user_accounts import activate_user, deactivate_user
from domain.accounts.users import User, UserType
from domain.shared.errors import LoginFailed, Refusal
from domain.unit_of_work import UnitOfWork
from persistence.accounts.sessions import sessions
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.outbox import outbox_events
from tests.support.builders import NOW
from tests.support.stored import store_user

EMAIL, OPERATOR, DAY = "ayse@example.com", "operator:test", timedelta(days=1)
ROUNDS, RIVALS = 12, 4

Work = Callable[[UnitOfWork], Any]


@pytest.fixture
def account(database: Database) -> User:
    return store_user(database, email=EMAIL, password_hash="old")


def at_once(database: Database, works: Sequence[Work]) -> list[Any]:
    """Run all at the same time; return the results, or the refusals that they raise."""
    together = Barrier(len(works))

    def run(work: Work) -> Any:
        together.wait()
        try:
            return database.write(work)
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def handover(database: Database) -> UUID:
    return database.write(lambda uow: create_handover(EMAIL, OPERATOR, uow)).uuid


def reset_token(database: Database, account: User) -> UUID:
    token = OneTimeToken(
        uuid=uuid4(),
        purpose=Purpose.PASSWORD_RESET,
        user_pk=account.pk,
        created_date=NOW,
        expires_date=NOW + timedelta(hours=1),
    )
    with database.writing() as uow:
        uow.one_time_tokens.add(token)
        uow.commit()
    return token.uuid


def count(engines: Engines, table: sa.Table) -> int:
    with engines.autocommit.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def stored_hash(database: Database, account: User) -> str | None:
    with database.reading() as uow:
        user = uow.users.get(account.pk)
    assert user is not None
    return user.password_hash


def reactivate(database: Database) -> None:
    database.write(lambda uow: activate_user(EMAIL, UserType.REGISTERED, OPERATOR, uow))


def deactivating(uow: UnitOfWork) -> Any:
    return deactivate_user(EMAIL, UserType.REGISTERED, OPERATOR, uow)


def redeeming(token: UUID) -> Work:
    return lambda uow: redeem_handover(token, None, DAY, uow)


def resetting(token: UUID, password_hash: str) -> Work:
    return lambda uow: set_password_by_link(token, password_hash, "en-us", uow)


def setting(password_hash: str) -> Work:
    return lambda uow: set_password(EMAIL, password_hash, OPERATOR, uow)


def logging_in(account: User, password_hash: str) -> Work:
    verified = VerifiedCredentials(account.pk, password_hash, None)
    return lambda uow: log_in(verified, None, DAY, uow)


def test_a_handover_opens_one_session(database: Database, engines: Engines, account: User) -> None:
    for number in range(1, ROUNDS + 1):
        token = handover(database)

        results = at_once(database, [redeeming(token)] * RIVALS)

        assert sum(isinstance(result, LinkExpired) for result in results) == RIVALS - 1, results
        assert count(engines, sessions) == number


def test_a_reset_sets_one_password(database: Database, engines: Engines, account: User) -> None:
    for number in range(1, ROUNDS + 1):
        token = reset_token(database, account)
        hashes = [f"{number}-{rival}" for rival in range(RIVALS)]

        results = at_once(database, [resetting(token, password_hash) for password_hash in hashes])

        [winner] = [
            password_hash
            for password_hash, result in zip(hashes, results, strict=True)
            if result is None
        ]
        assert stored_hash(database, account) == winner
        assert count(engines, outbox_events) == number


def test_a_handover_during_a_deactivation_leaves_no_session(
    database: Database, engines: Engines, account: User
) -> None:
    for _ in range(ROUNDS):
        at_once(database, [redeeming(handover(database)), deactivating])

        assert count(engines, sessions) == 0
        reactivate(database)


def test_a_reset_during_a_deactivation_is_before_it_or_fails(
    database: Database, account: User
) -> None:
    for number in range(ROUNDS):
        before, new = stored_hash(database, account), f"new-{number}"
        token = reset_token(database, account)

        result, _ = at_once(database, [resetting(token, new), deactivating])

        expected = before if isinstance(result, LinkExpired) else new
        assert stored_hash(database, account) == expected
        reactivate(database)
        [late] = at_once(database, [resetting(token, "late")])
        assert isinstance(late, LinkExpired)


def test_a_login_with_the_old_password_leaves_no_session_after_a_new_one(
    database: Database, engines: Engines, account: User
) -> None:
    for number in range(ROUNDS):
        old = stored_hash(database, account)
        assert old is not None

        result, _ = at_once(database, [logging_in(account, old), setting(f"new-{number}")])

        assert count(engines, sessions) == 0, result
        [late] = at_once(database, [logging_in(account, old)])
        assert isinstance(late, LoginFailed)


def test_a_login_during_a_deactivation_leaves_no_session(
    database: Database, engines: Engines, account: User
) -> None:
    for _ in range(ROUNDS):
        at_once(database, [logging_in(account, "old"), deactivating])

        assert count(engines, sessions) == 0
        reactivate(database)


def test_a_new_password_invalidates_earlier_handovers(
    database: Database, engines: Engines, account: User
) -> None:
    for number in range(ROUNDS):
        at_once(database, [redeeming(handover(database)), setting(f"new-{number}")])

        assert count(engines, sessions) == 0
