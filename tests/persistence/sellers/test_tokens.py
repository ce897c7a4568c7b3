from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from domain.accounts.users import User
from domain.sellers.callers import Scope
from domain.sellers.tokens import (
    authenticate_token,
    create_seller_token,
    list_seller_tokens,
    record_use,
    revoke_seller_token,
)
from domain.shared.errors import NotAuthenticated
from domain.shared.paging import PageRequest
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.sellers.tokens import seller_tokens
from tests.support.builders import NOW, make_seller
from tests.support.fakes import FakeClock
from tests.support.stored_sellers import sold, store_sold

SCOPES = [Scope.PLANS_READ, Scope.ORDERS_READ]


@pytest.fixture
def value(database: Database, shopper: User) -> str:
    """The value of the token of the seller "usta"; another seller has one, too."""
    sellers = [make_seller(slug=slug) for slug in ("usta", "other")]
    store_sold(database, shopper.pk, *({"items": [sold(seller)]} for seller in sellers))
    values = []
    for seller in sellers:
        with database.writing() as uow:
            made = create_seller_token(seller.slug, "ERP", SCOPES, timedelta(days=9), uow)
            values.append(made[1])
    return values[0]


def authenticate(database: Database, value: str) -> Any:
    with database.reading() as uow:
        return authenticate_token(value, uow)


def pk_of(database: Database, slug: str) -> int:
    with database.reading() as uow:
        [token] = list_seller_tokens(slug, PageRequest(), uow).entries
    return token.pk


class TestToken:
    def test_identifies_its_seller_and_scopes(self, database: Database, value: str) -> None:
        caller = authenticate(database, value)

        assert caller.scopes == frozenset(SCOPES)
        assert caller.token_pk == pk_of(database, "usta")

    def test_is_invalid_after_its_expiry(
        self, database: Database, value: str, clock: FakeClock
    ) -> None:
        clock.now = NOW + timedelta(days=9)

        with pytest.raises(NotAuthenticated):
            authenticate(database, value)

    def test_is_invalid_after_its_revocation(self, database: Database, value: str) -> None:
        with database.writing() as uow:
            revoke_seller_token(pk_of(database, "usta"), uow)

        with pytest.raises(NotAuthenticated):
            authenticate(database, value)

    def test_has_its_use_recorded_once_a_day(
        self, database: Database, value: str, clock: FakeClock
    ) -> None:
        noted = []
        for day in (0, 0, 1):
            clock.now = NOW + timedelta(days=day)
            caller = authenticate(database, value)
            noted.append(caller.is_use_recorded)
            with database.writing() as uow:
                record_use(caller, uow)

        assert noted == [False, True, False]


@pytest.mark.parametrize(("slug", "count"), [(None, 2), ("usta", 1), ("unknown", 0)])
def test_a_list_has_the_tokens_of_one_seller_or_of_all(
    database: Database, value: str, slug: str | None, count: int
) -> None:
    with database.reading() as uow:
        page = list_seller_tokens(slug, PageRequest(), uow)

    assert (page.count, len(page.entries)) == (count, count)
    assert {token.seller.slug for token in page.entries if token.seller} <= {"usta", "other"}


@pytest.mark.parametrize(
    ("has_seller", "scopes"),
    [(False, "orders:read"), (False, "orders:read shoppers:login"), (True, "shoppers:login")],
)
def test_a_token_belongs_either_to_a_seller_or_to_the_shop(
    database: Database, value: str, engines: Engines, has_seller: bool, scopes: str
) -> None:
    changed: dict[str, Any] = {"scopes": sa.literal(scopes, sa.Text)}
    changed |= {} if has_seller else {"seller_pk": sa.null()}

    with pytest.raises(sa.exc.IntegrityError), engines.writing.begin() as connection:
        connection.execute(sa.update(seller_tokens).values(changed))
