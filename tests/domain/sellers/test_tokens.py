from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from domain.sellers.callers import Scope, SellerCaller, require_scope
from domain.sellers.sellers import Seller
from domain.sellers.tokens import (
    SellerToken,
    TokenHolder,
    authenticate_token,
    create_seller_token,
    list_seller_tokens,
    record_use,
    revoke_seller_token,
)
from domain.shared.errors import Forbidden, InvalidInput, NotAuthenticated, NotFound
from domain.shared.paging import PageRequest
from tests.support.account_fakes import FakeUnitOfWork
from tests.support.builders import NOW, make_seller
from tests.support.fakes import holder_of

YEAR = timedelta(days=365)
READING = [Scope.ORDERS_READ, Scope.PLANS_READ]


class FakeSellers:
    def __init__(self, *sellers: Seller) -> None:
        self._by_slug = {seller.slug: seller for seller in sellers}

    def by_slug(self, slug: str) -> Seller | None:
        return self._by_slug.get(slug)

    lock = by_slug

    def add(self, seller: Seller) -> None:
        raise NotImplementedError

    def count(self) -> int:
        raise NotImplementedError

    def page(self, page: PageRequest) -> list[Seller]:
        raise NotImplementedError


class FakeTokens:
    def __init__(self) -> None:
        self.stored: list[SellerToken] = []
        self.lookups = 0

    def add(self, token: SellerToken) -> None:
        self.stored.append(token)
        token.pk = len(self.stored)

    def holder(self, token_hash: bytes) -> TokenHolder | None:
        self.lookups += 1
        for token in self.stored:
            if token.token_hash == token_hash and token.revoked_date is None:
                return holder_of(token)
        return None

    def get(self, pk: int) -> SellerToken | None:
        return next((token for token in self.stored if token.pk == pk), None)

    def record_use(self, pk: int, day: date) -> None:
        self.stored[pk - 1].last_used_day = day

    def count(self, seller_slug: str | None) -> int:
        return len(self.stored)

    def tokens(self, seller_slug: str | None, page: PageRequest) -> list[SellerToken]:
        return self.stored[page.offset : page.offset + page.limit]


@pytest.fixture
def uow() -> FakeUnitOfWork:
    uow = FakeUnitOfWork()
    uow.sellers = FakeSellers(make_seller(pk=3, slug="usta"))
    uow.seller_tokens = FakeTokens()
    return uow


def made(uow: Any) -> tuple[SellerToken, str]:
    return create_seller_token("usta", " ERP ", READING, YEAR, uow)


class TestCreate:
    def test_stores_only_a_hash(self, uow: FakeUnitOfWork) -> None:
        token, value = made(uow)

        assert value.startswith("wbs_")
        assert len(value) == 47
        assert value.encode() not in token.token_hash
        assert (token.name, token.expires_date) == ("ERP", NOW + YEAR)
        assert uow.commits == 1

    def test_needs_an_existing_seller(self, uow: FakeUnitOfWork) -> None:
        with pytest.raises(NotFound):
            create_seller_token("unknown", "ERP", READING, YEAR, uow)

    @pytest.mark.parametrize("name", ["", "  ", "n" * 101])
    def test_needs_a_name(self, uow: FakeUnitOfWork, name: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            create_seller_token("usta", name, READING, YEAR, uow)

        assert refused.value.field == "name"

    def test_needs_a_scope(self, uow: FakeUnitOfWork) -> None:
        with pytest.raises(InvalidInput) as refused:
            create_seller_token("usta", "ERP", [], YEAR, uow)

        assert refused.value.field == "scopes"


class TestAuthenticate:
    def test_returns_the_seller_and_the_scopes(self, uow: FakeUnitOfWork) -> None:
        _, value = made(uow)

        caller = authenticate_token(value, uow)

        assert isinstance(caller, SellerCaller)
        assert (caller.seller_pk, caller.actor) == (3, "seller:3")
        assert caller.scopes == frozenset(READING)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda token: setattr(token, "expires_date", NOW),
            lambda token: setattr(token, "revoked_date", NOW),
            lambda token: setattr(token, "token_hash", b"other"),
        ],
        ids=["expired", "revoked", "unknown"],
    )
    def test_refuses_expired_revoked_and_unknown_tokens(
        self, uow: FakeUnitOfWork, spoil: Callable[[SellerToken], None]
    ) -> None:
        token, value = made(uow)
        spoil(token)

        with pytest.raises(NotAuthenticated):
            authenticate_token(value, uow)

    @pytest.mark.parametrize("value", [None, "", "wbs_", "wbs_" + "é" * 43, "w" * 100_000])
    def test_does_not_query_a_value_of_another_format(
        self, uow: FakeUnitOfWork, value: str | None
    ) -> None:
        with pytest.raises(NotAuthenticated):
            authenticate_token(value, uow)

        assert uow.seller_tokens.lookups == 0

    def test_names_a_missing_scope(self, uow: FakeUnitOfWork) -> None:
        caller = authenticate_token(made(uow)[1], uow)
        require_scope(caller, Scope.ORDERS_READ)

        with pytest.raises(Forbidden) as refused:
            require_scope(caller, Scope.ITEMS_REJECT)

        assert refused.value.params == {"scope": "items:reject"}


class TestRecordUse:
    def test_happens_once_a_day(self, uow: FakeUnitOfWork) -> None:
        _, value = made(uow)
        first = authenticate_token(value, uow)
        record_use(first, uow)
        second = authenticate_token(value, uow)
        record_use(second, uow)

        assert (first.is_use_recorded, second.is_use_recorded) == (False, True)
        assert uow.seller_tokens.stored[0].last_used_day == NOW.date()
        assert uow.commits == 2

    def test_is_not_needed_by_default(self) -> None:
        assert SellerCaller(1, 1, frozenset()).is_use_recorded


class TestRevoke:
    def test_does_not_change_an_earlier_date(self, uow: FakeUnitOfWork) -> None:
        token, _ = made(uow)
        revoke_seller_token(token.pk, uow)
        uow.now = NOW + YEAR
        revoke_seller_token(token.pk, uow)

        assert token.revoked_date == NOW

    @pytest.mark.parametrize("pk", [0, 404, 2**63])
    def test_needs_an_existing_token(self, uow: FakeUnitOfWork, pk: int) -> None:
        with pytest.raises(NotFound):
            revoke_seller_token(pk, uow)


def test_a_list_has_pages(uow: FakeUnitOfWork) -> None:
    made(uow)

    page = list_seller_tokens(None, PageRequest(), uow)

    assert (page.count, [token.name for token in page.entries]) == (1, ["ERP"])
