"""Prefetching with the look-up of the caller returns the same rows as separate reads."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.accounts.callers import Caller
from domain.accounts.sessions import authenticate, open_session
from domain.accounts.users import User
from domain.orders.old_orders import OldOrderField, OldOrderQuery, OldOrderSort
from domain.orders.orders import OrderQuery
from domain.seller_center.lists import Sort
from domain.sellers.callers import Scope
from domain.sellers.tokens import authenticate_token, create_seller_token, revoke_seller_token
from domain.shared.errors import NotAuthenticated
from domain.shared.paging import PageRequest
from domain.unit_of_work import UnitOfWork
from persistence.database import Database
from tests.support import citus
from tests.support.builders import make_seller
from tests.support.stored import store_old_order, store_order, store_user
from tests.support.stored_sellers import sold, store_sold

Statements = list[tuple[str, Any]]
Read = Callable[[int, UnitOfWork], Any]

STAND_IN = -1
SORT = OldOrderSort(OldOrderField.NUMBER, descending=True)
READS: dict[str, Read] = {
    "orders": lambda pk, uow: uow.orders.page(OrderQuery(pk), PageRequest(1, 3), "en-us"),
    "a later page": lambda pk, uow: uow.orders.page(OrderQuery(pk), PageRequest(2, 3), "en-us"),
    "old orders": lambda pk, uow: uow.old_orders.page(
        OldOrderQuery(pk, sort=SORT), PageRequest(1, 3), "en-us"
    ),
    "the newest order": lambda pk, uow: uow.orders.newest_document(pk, "en-us"),
}


@pytest.fixture
def session(database: Database, shopper: User) -> str:
    for number in range(5):
        store_order(database, user_pk=shopper.pk, number=f"A{number}")
        store_old_order(database, user_pk=shopper.pk, number=f"B{number}")
    return open_for(database, shopper)


def open_for(database: Database, user: User) -> str:
    with database.writing() as uow:
        return open_session(user, timedelta(days=1), uow).value


def looked_up(database: Database, value: str, read: Read) -> tuple[Caller, Any]:
    """Return the caller, and the rows that are read in the look-up's unit of work."""
    with database.prefetching(lambda uow: read(STAND_IN, uow)) as uow:
        caller = authenticate(value, uow)
    with database.reading(uow):
        return caller, read(caller.user_pk, uow)


def read_alone(database: Database, user: User, read: Read) -> Any:
    with database.reading() as uow:
        return read(user.pk, uow)


def counted(database: Database, user: User, read: Read, statements: Statements) -> tuple[Any, int]:
    """Return the cached documents that a user reads, and the number of statements."""
    expected = read_alone(database, user, read)
    statements.clear()
    assert read_alone(database, user, read) == expected
    return expected, len(statements)


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_rows_are_read_with_their_owner(
    database: Database, shopper: User, session: str, statements: Statements, read: Read
) -> None:
    expected, count = counted(database, shopper, read, statements)

    caller, result = looked_up(database, session, read)

    assert (caller, result) == (Caller(shopper.pk, is_guest=False), expected)
    assert len(statements) == 2 * count  # the look-up of the caller takes none


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_rows_of_another_owner_are_not_read(
    database: Database, session: str, shopper: User, read: Read
) -> None:
    other = store_user(database, email="other@example.com")
    store_order(database, user_pk=other.pk, number="C")

    _, result = looked_up(database, open_for(database, other), read)

    assert result == read_alone(database, other, read) != read_alone(database, shopper, read)


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_session_of_an_earlier_version_reads_the_same(
    database: Database,
    shopper: User,
    session: str,
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = looked_up(database, session, read)
    monkeypatch.setattr("domain.accounts.sessions.user_pk_in", lambda _value: None)

    assert looked_up(database, session, read) == expected


def test_an_owner_without_rows_is_found(database: Database, statements: Statements) -> None:
    newcomer = store_user(database, email="new@example.com")
    value = open_for(database, newcomer)
    statements.clear()

    caller, result = looked_up(database, value, READS["the newest order"])

    assert (caller.user_pk, result) == (newcomer.pk, None)
    assert len(statements) == 1


def test_another_query_runs_as_its_own_statement(
    database: Database, shopper: User, session: str, statements: Statements
) -> None:
    newest = store_order(database, user_pk=shopper.pk, number="D")

    def document(pk: int, uow: UnitOfWork) -> bytes | None:
        return uow.orders.document(pk, newest.pk + (pk == STAND_IN), "en-us")

    expected, count = counted(database, shopper, document, statements)

    _, result = looked_up(database, session, document)

    assert result == expected
    assert len(statements) == count + 1 + count


def test_prefetched_rows_are_used_once(database: Database, shopper: User, session: str) -> None:
    read = READS["the newest order"]
    with database.prefetching(lambda uow: read(STAND_IN, uow)) as uow:
        authenticate(session, uow)
        before = read(shopper.pk, uow)
        store_order(database, user_pk=shopper.pk, number="E")

        assert read(shopper.pk, uow) != before


@pytest.mark.parametrize(
    "read", [lambda _pk, _uow: None, lambda _pk, uow: uow.sessions.newest(1)], ids=["no", "another"]
)
def test_a_function_that_runs_no_statement_prefetches_nothing(
    database: Database, shopper: User, session: str, read: Read
) -> None:
    caller, _ = looked_up(database, session, read)

    assert caller.user_pk == shopper.pk


class TestSellers:
    @pytest.fixture
    def value(self, database: Database, shopper: User) -> str:
        """The value of a token of a seller with two orders."""
        seller = make_seller()
        for number in ("A", "B"):
            store_sold(database, shopper.pk, {"number": number, "items": [sold(seller)]})
        with database.writing() as uow:
            return create_seller_token(seller.slug, "ERP", [*Scope], timedelta(days=1), uow)[1]

    @staticmethod
    def read(pk: int, uow: UnitOfWork) -> Any:
        return uow.seller_orders.page(pk, (), Sort("created_at"), PageRequest(), "en-us")

    def look_up(self, database: Database, value: str) -> tuple[Any, Any]:
        with database.prefetching(lambda uow: self.read(STAND_IN, uow)) as uow:
            caller: Any = authenticate_token(value, uow)
            return caller, self.read(caller.seller_pk, uow)

    def test_rows_are_read_with_their_owner(
        self, database: Database, value: str, statements: Statements
    ) -> None:
        with database.reading() as uow:
            owner: Any = authenticate_token(value, uow)
            statements.clear()
            expected = self.read(owner.seller_pk, uow)
        count = len(statements)

        caller, result = self.look_up(database, value)

        assert result == expected
        assert (result.count, caller) == (2, owner)
        # On nodes, the look-up is a statement of its own: it names no seller.
        assert len(statements) == 2 * count + bool(citus.COORDINATOR)

    def test_a_revoked_token_reads_nothing(self, database: Database, value: str) -> None:
        with database.writing() as uow:
            revoke_seller_token(authenticate_token(value, uow).token_pk, uow)

        with pytest.raises(NotAuthenticated):
            self.look_up(database, value)
