import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.audit import AuditEntry
from domain.imports.documents import ImportResult, Outcome
from domain.sellers.sellers import Seller
from persistence.database import Database
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients, Shop
from tests.support.builders import make_item, make_seller
from tests.support.documents import imported_order, line_document

ADD = ("sellers", "add", "usta", "--name", "Usta İşi", "--operator", "ayse")
ORDERS = "/api/i1/orders/"


def stored(database: Database, slug: str) -> Seller:
    with database.reading() as uow:
        seller = uow.sellers.by_slug(slug)
    assert seller is not None
    return seller


def trail(database: Database, slug: str) -> list[AuditEntry]:
    with database.reading() as uow:
        return uow.audit.entries(stored(database, slug).uuid)


class TestAdd:
    def test_creates_a_seller_who_can_get_a_token(self, waybill: Run, database: Database) -> None:
        result = waybill(*ADD)

        assert (result.exit_code, result.output) == (0, "Seller usta is active.\n")
        assert stored(database, "usta").name == "Usta İşi"
        assert waybill("tokens", "create", "--seller", "usta", "--name", "ERP").exit_code == 0
        [entry] = trail(database, "usta")
        assert (entry.actor, entry.to_state) == ("operator:ayse", "active")

    def test_refuses_an_existing_slug(self, waybill: Run, database: Database) -> None:
        waybill(*ADD)

        result = waybill(*ADD)

        assert (result.exit_code, result.output) == (
            1,
            "Error: slug: A seller with this slug already exists.\n",
        )
        assert len(trail(database, "usta")) == 1

    @pytest.mark.parametrize("slug", ["", "us ta", "ü", "x" * 65])
    def test_needs_a_slug_that_documents_can_use(self, waybill: Run, slug: str) -> None:
        result = waybill("sellers", "add", slug, "--name", "Usta")

        assert result.exit_code == 1
        assert "slug: Must be 1 to 64 letters" in result.output

    @pytest.mark.parametrize("name", ["", " ", "x" * 201])
    def test_needs_a_name(self, waybill: Run, name: str) -> None:
        result = waybill("sellers", "add", "usta", "--name", name)

        assert result.output == "Error: name: Must be 1 to 200 characters long.\n"


class TestChange:
    def test_is_shown_by_the_next_read(
        self, waybill: Run, database: Database, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        seller = make_seller(slug="usta", name="Usta")
        shop.order(shopper, items=[make_item(seller=seller)])
        before = shopping.get("/users/orders/").json()["results"][0]["orderitem_set"][0]

        result = waybill("sellers", "change", "usta", "--name", "Usta İşi")

        after = shopping.get("/users/orders/").json()["results"][0]["orderitem_set"][0]
        assert result.output == "Seller usta is called Usta İşi.\n"
        names = [order["datasource_detailed"]["name"] for order in (before, after)]
        assert names == ["Usta", "Usta İşi"]
        assert trail(database, "usta")[-1].note == "name was Usta"

    def test_needs_an_existing_seller(self, waybill: Run, database: Database) -> None:
        result = waybill("sellers", "change", "unknown", "--name", "Usta")

        assert (result.exit_code, result.output) == (1, "Error: Not found.\n")


class TestSwitch:
    def test_disables_tokens_and_enables_them_again(
        self, waybill: Run, shop: Shop, seller: Seller, clients: Clients
    ) -> None:
        trading = clients.selling(shop.token(seller))
        before = trading.get(ORDERS).status_code

        off = waybill("sellers", "deactivate", seller.slug)
        refused = trading.get(ORDERS)
        on = waybill("sellers", "activate", seller.slug)

        assert off.output == f"Seller {seller.slug} is inactive.\n"
        assert (before, refused.status_code, trading.get(ORDERS).status_code) == (200, 401, 200)
        assert on.output == f"Seller {seller.slug} is active.\n"

    def test_an_inactive_seller_gets_no_token(self, waybill: Run, seller: Seller) -> None:
        waybill("sellers", "deactivate", seller.slug)

        result = waybill("tokens", "create", "--seller", seller.slug, "--name", "ERP")

        assert (result.exit_code, result.output) == (1, "Error: The seller is not active.\n")

    def test_is_recorded_once(self, waybill: Run, database: Database, seller: Seller) -> None:
        for _ in range(2):
            assert waybill("sellers", "deactivate", seller.slug).exit_code == 0

        assert len(trail(database, seller.slug)) == 1

    def test_needs_an_existing_seller(self, waybill: Run, database: Database) -> None:
        assert waybill("sellers", "deactivate", "unknown").output == "Error: Not found.\n"


class TestImport:
    def test_neither_renames_nor_activates(self, waybill: Run, database: Database) -> None:
        waybill(*ADD)
        waybill("sellers", "deactivate", "usta")
        line = line_document(seller={"slug": "usta", "name": "Another name"})

        with database.importing("import:tests") as imports:
            [answer] = imports.store_orders([imported_order(items=[line])])
            imports.commit()

        assert isinstance(answer, ImportResult)
        assert answer.outcome is Outcome.CREATED
        seller = stored(database, "usta")
        assert (seller.name, seller.is_active) == ("Usta İşi", False)


class TestList:
    def test_is_sorted_by_slug(self, waybill: Run) -> None:
        for slug in ("b", "a"):
            waybill("sellers", "add", slug, "--name", slug.upper())
        waybill("sellers", "deactivate", "b")

        lines = waybill("sellers", "list").output.splitlines()

        assert [line.split() for line in lines[:3]] == [
            ["SLUG", "NAME", "STATE"],
            ["a", "A", "active"],
            ["b", "B", "inactive"],
        ]
        assert waybill("sellers", "list", "--page", "2").exit_code == 1
