import re

import pytest

from domain.accounts.users import User
from domain.sellers.callers import ShopCaller
from domain.sellers.tokens import authenticate_token
from domain.shared.errors import NotAuthenticated
from persistence.database import Database
from tests.handlers.cli.conftest import Run
from tests.support.builders import make_item, make_order, make_seller

CREATE = ("tokens", "create", "--seller", "usta", "--name", "ERP")


@pytest.fixture
def seller(database: Database, shopper: User) -> str:
    with database.writing() as uow:
        items = [make_item(seller=make_seller(slug="usta"))]
        uow.orders.add(make_order(user_pk=shopper.pk, items=items))
        uow.commit()
    return "usta"


def value_in(output: str, title: str = "Token") -> str:
    """The value on the line that begins with the title."""
    match = re.search(rf"^{title} +(\S+)$", output, re.MULTILINE)
    assert match is not None
    return match[1]


def pk_in(output: str) -> str:
    match = re.search(r"^Pk +(\d+)$", output, re.MULTILINE)
    assert match is not None
    return match[1]


class TestCreate:
    def test_prints_a_token_with_its_scopes(
        self, waybill: Run, seller: str, database: Database
    ) -> None:
        result = waybill(*CREATE, "--scope", "orders:read", "--scope", "plans:read")

        with database.reading() as uow:
            caller = authenticate_token(value_in(result.output), uow)
        assert caller.scopes == {"orders:read", "plans:read"}
        assert "Scopes  orders:read plans:read" in result.output

    def test_has_all_scopes_by_default(self, waybill: Run, seller: str) -> None:
        output = waybill(*CREATE).output

        assert "Scopes  addresses:read items:reject orders:read plans:read" in output

    def test_needs_an_existing_seller(self, waybill: Run, database: Database) -> None:
        result = waybill(*CREATE)

        assert (result.exit_code, result.output) == (1, "Error: There is no seller usta.\n")

    def test_needs_a_name(self, waybill: Run, seller: str) -> None:
        result = waybill("tokens", "create", "--seller", seller, "--name", " ")

        assert result.exit_code == 1
        assert "name: Must be 1 to 100 characters long." in result.output


SHOP = ("tokens", "create", "--name", "storefront")
LOGIN = ("--scope", "shoppers:login")


class TestCreateForTheShop:
    def test_prints_a_token_that_belongs_to_no_seller(
        self, waybill: Run, database: Database
    ) -> None:
        result = waybill(*SHOP, *LOGIN)

        with database.reading() as uow:
            caller = authenticate_token(value_in(result.output), uow)
        assert isinstance(caller, ShopCaller)
        assert caller.scopes == {"shoppers:login"}
        assert "(shop)" in waybill("tokens", "list").output

    @pytest.mark.parametrize(
        "scopes", [(), ("--scope", "orders:read"), (*LOGIN, "--scope", "orders:read")]
    )
    def test_needs_scopes_of_the_shop_only(
        self, waybill: Run, database: Database, scopes: tuple[str, ...]
    ) -> None:
        result = waybill(*SHOP, *scopes)

        assert result.exit_code == 2
        assert "Name a --seller, or for the shop's own token a --scope of" in result.output

    def test_is_refused_for_sellers(self, waybill: Run, seller: str) -> None:
        result = waybill(*CREATE, *LOGIN)

        assert result.exit_code == 2
        assert "A seller's token cannot have the scope shoppers:login." in result.output

    def test_can_be_revoked(self, waybill: Run, database: Database) -> None:
        output = waybill(*SHOP, *LOGIN).output
        pk = pk_in(output)

        assert waybill("tokens", "revoke", pk).exit_code == 0
        with database.reading() as uow, pytest.raises(NotAuthenticated):
            authenticate_token(value_in(output), uow)


class TestList:
    def test_shows_everything_but_the_value(self, waybill: Run, seller: str) -> None:
        value = value_in(waybill(*CREATE, "--scope", "orders:read").output)

        output = waybill("tokens", "list", "--seller", seller).output

        titles, row, *_ = output.splitlines()
        assert titles.split()[:4] == ["PK", "SELLER", "NAME", "SCOPES"]
        assert row.split()[1:4] == ["usta", "ERP", "orders:read"]
        assert row.split()[-2:] == ["never", "valid"]
        assert value not in output


class TestRevoke:
    def test_ends_a_token(self, waybill: Run, seller: str) -> None:
        pk = pk_in(waybill(*CREATE).output)

        revoked = waybill("tokens", "revoke", pk)

        assert revoked.output == f"Token {pk} (ERP) is revoked.\n"
        assert "revoked" in waybill("tokens", "list").output

    def test_fails_for_a_missing_token(self, waybill: Run, database: Database) -> None:
        result = waybill("tokens", "revoke", "404")

        assert (result.exit_code, result.output) == (1, "Error: Not found.\n")


def test_a_token_of_an_inactive_seller_is_listed_as_inactive(waybill: Run, seller: str) -> None:
    waybill(*CREATE)
    waybill("sellers", "deactivate", seller)

    assert "seller inactive" in waybill("tokens", "list").output
