from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.states import OrderState
from persistence.database import Database, utc_now
from tests.handlers.cli.conftest import Run
from tests.support.application import Shop
from tests.support.builders import NOW, make_easy_return_company, make_item, make_shipping_company
from tests.support.documents import imported_order, line_document, user_document

ADD = (
    *("carriers", "add", "--code", "hizli", "--label", "Hızlı Kargo"),
    *("--name", "Adresten iade", "--pickup-address"),
)
OFFERED = "available_easy_return_shipping_companies"


def offered(client: TestClient) -> list[list[dict[str, Any]]]:
    """The carriers of all items, in order."""
    orders = client.get("/users/orders/").json()["results"]
    return [item[OFFERED] for order in orders for item in order["orderitem_set"]]


def names(client: TestClient) -> list[list[str]]:
    return [[carrier["name"] for carrier in line] for line in offered(client)]


def delivered(days: int = 1, **overrides: Any) -> Any:
    date = utc_now() - timedelta(days=days)
    state = OrderState.DELIVERED
    return make_item(state=state, shipped_date=date, delivered_date=date, **overrides)


class TestAdd:
    def test_is_offered_for_returnable_lines(
        self, waybill: Run, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        own = make_easy_return_company(
            shipping_company=make_shipping_company(value="kuzey"), name="Kuzey"
        )
        shop.order(
            shopper,
            items=[
                delivered(line=1),
                delivered(line=2, days=15),
                make_item(line=3, state=OrderState.CANCELLED, cancelled_quantity=1),
                delivered(line=4, easy_return_companies=[own]),
                make_item(line=5),
            ],
        )
        before = names(shopping)

        result = waybill(*ADD)

        assert (result.exit_code, result.output) == (
            0,
            "Carrier 1 is active.\n1 orders were updated.\n".replace(
                "Carrier 1", result.output.partition(" is")[0]
            ),
        )
        assert before == [[], [], [], ["Kuzey"], []]
        assert names(shopping) == [["Adresten iade"], [], [], ["Kuzey"], ["Adresten iade"]]
        [company] = offered(shopping)[0]
        assert company["shipping_company"] == {"value": "hizli", "label": "Hızlı Kargo"}
        assert company["requires_pickup_address"] is True

    def test_can_be_chosen_by_shoppers(
        self, waybill: Run, shop: Shop, shopper: User, cancelling: TestClient
    ) -> None:
        waybill(*ADD)
        order = shop.order(shopper, items=[delivered()])
        waybill("carriers", "apply")
        [[company]] = offered(cancelling)

        answer = cancelling.post(
            "/users/orders/cancellation_requests/",
            json={
                "order_item": order.items[0].pk,
                "reason": shop.reason(kind="refund").pk,  # type: ignore[arg-type]
                "cancellation_type": "refund",
                "shipping_company": company["pk"],
                "pickup_address": order.shipping_address.pk,
            },
        )

        assert answer.status_code == 200
        assert answer.json()["easy_return"]["shipping_company"]["value"] == "hizli"

    def test_refuses_an_existing_carrier(self, waybill: Run, database: Database) -> None:
        waybill(*ADD)

        result = waybill(*ADD)

        assert (result.exit_code, result.output) == (
            1,
            "Error: The shop has this carrier already.\n",
        )

    @pytest.mark.parametrize(
        ("option", "value", "message"),
        [
            ("--code", "hız lı", "code: Must be 1 to 64 letters"),
            ("--label", " ", "label: Must be 1 to 200 characters long."),
            ("--name", "x" * 201, "name: Must be 1 to 200 characters long."),
        ],
    )
    def test_refuses_invalid_texts(
        self, waybill: Run, database: Database, option: str, value: str, message: str
    ) -> None:
        result = waybill(*ADD, option, value)

        assert result.exit_code == 1
        assert message in result.output
        assert "0 in all" in waybill("carriers", "list").output


class TestImport:
    def test_stores_the_carriers_of_the_shop(
        self, waybill: Run, shopper: User, shopping: TestClient, database: Database
    ) -> None:
        waybill(*ADD)
        named = {"shipping_company": {"value": "kuzey", "label": "Kuzey"}, "name": "Kuzey"}
        lines = [
            line_document(line=1),
            line_document(line=2, easy_return_companies=[named]),
            line_document(line=3, state="refunded"),
        ]
        order = imported_order(user=user_document(email=shopper.email), items=lines)

        for _ in range(2):
            with database.importing("import:tests") as imports:
                imports.store_orders([order])
                imports.commit()

        assert names(shopping) == [["Adresten iade"], ["Kuzey"], []]
        assert waybill("carriers", "apply").output == "0 orders were updated.\n"


class TestChange:
    def test_is_shown_by_the_next_read(
        self, waybill: Run, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        shop.order(shopper, items=[delivered()])
        pk = waybill(*ADD).output.split()[1]
        before = offered(shopping)

        result = waybill("carriers", "change", pk, "--name", "Şubeden iade", "--no-pickup-address")

        [[company]] = offered(shopping)
        assert result.output == f"Carrier {pk} is active.\n1 orders were updated.\n"
        assert (company["name"], company["requires_pickup_address"]) == ("Şubeden iade", False)
        assert company["shipping_company"]["value"] == "hizli"
        assert company["pk"] != before[0][0]["pk"]

    def test_refuses_the_name_of_another_carrier(self, waybill: Run) -> None:
        waybill(*ADD)
        pk = waybill(*ADD, "--name", "Kapıdan").output.split()[1]

        result = waybill("carriers", "change", pk, "--name", "Adresten iade")

        assert result.output == "Error: The shop has this carrier already.\n"

    def test_needs_an_active_carrier(self, waybill: Run) -> None:
        pk = waybill(*ADD).output.split()[1]
        waybill("carriers", "deactivate", pk)

        result = waybill("carriers", "change", pk, "--name", "Kapıdan")

        assert result.output == "Error: Only an active carrier can be changed.\n"

    @pytest.mark.parametrize("pk", ["404", str(2**63)])
    def test_needs_an_existing_carrier(self, waybill: Run, database: Database, pk: str) -> None:
        result = waybill("carriers", "change", pk, "--name", "Kapıdan")

        assert (result.exit_code, result.output) == (1, "Error: Not found.\n")


class TestSwitch:
    def test_removes_it_from_all_lines_and_adds_it_again(
        self, waybill: Run, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        own = make_easy_return_company(
            shipping_company=make_shipping_company(value="hizli", label="Hızlı Kargo"),
            name="Adresten iade",
            requires_pickup_address=True,
        )
        shop.order(
            shopper,
            items=[delivered(line=1), delivered(line=2, easy_return_companies=[own])],
        )
        pk = waybill(*ADD).output.split()[1]
        both = names(shopping)

        off = waybill("carriers", "deactivate", pk)
        without = names(shopping)
        on = waybill("carriers", "activate", pk)

        assert off.output == f"Carrier {pk} is inactive.\n1 orders were updated.\n"
        # The second line has it from its own document.
        assert (both, without) == ([["Adresten iade"]] * 2, [[], ["Adresten iade"]])
        assert on.output == f"Carrier {pk} is active.\n1 orders were updated.\n"
        assert names(shopping) == both

    def test_is_in_the_audit_trail(self, waybill: Run, database: Database) -> None:
        pk = waybill(*ADD, "--operator", "ayse").output.split()[1]
        for _ in range(2):
            waybill("carriers", "deactivate", pk)

        with database.writing() as uow:
            carrier = uow.return_carriers.lock(int(pk))
            assert carrier is not None
            entries = uow.audit.entries(carrier.uuid)
        assert [entry.to_state for entry in entries] == ["active", "inactive"]
        assert entries[0].actor == "operator:ayse"


class TestList:
    def test_shows_all_carriers(self, waybill: Run) -> None:
        pk = waybill(*ADD).output.split()[1]
        waybill("carriers", "deactivate", pk)

        titles, row, *_ = waybill("carriers", "list").output.splitlines()

        assert titles.split() == ["PK", "CODE", "LABEL", "NAME", "PICKUP", "ADDRESS", "STATE"]
        assert row.split() == [
            *(pk, "hizli", "Hızlı", "Kargo", "Adresten", "iade", "needed", "inactive")
        ]


def test_many_orders_are_updated_in_batches(
    waybill: Run, shop: Shop, shopper: User, shopping: TestClient, monkeypatch: Any
) -> None:
    monkeypatch.setattr("handlers.cli.carriers._ORDERS_PER_BATCH", 2)
    for _ in range(5):
        shop.order(shopper, items=[delivered()], created_date=NOW)

    assert waybill(*ADD).output.endswith("5 orders were updated.\n")
    assert names(shopping) == [["Adresten iade"]] * 5
