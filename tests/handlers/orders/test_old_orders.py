"""Operations of openapi/orders/old_orders.yaml over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from domain.orders.old_orders import OldOrderField
from domain.shared.money import Currency
from tests.support.application import Clients, Shop
from tests.support.builders import NOW

# One row lacks values, and some have code points that a locale sorts in another order.
ROWS: list[dict[str, Any]] = [
    {"number": "3", "bank": "Ziraat", "amount": 300, "tracking_number": "a"},
    {"number": "1", "bank": "abank", "amount": 100, "tracking_number": "B", "payment_type": "x"},
    {"number": "2", "bank": None, "amount": 200, "currency": Currency.USD},
    {"number": "4", "bank": "Çağ", "amount": 200, "shipping_company": "aras"},
]


def numbers(response: Any) -> list[str]:
    return [order["number"] for order in response.json()["results"]]


@pytest.fixture
def archive(shop: Shop, shopper: User) -> None:
    for days, row in enumerate(ROWS):
        shop.old_order(shopper, created_date=NOW - timedelta(days=days), **row)


@pytest.mark.usefixtures("archive")
class TestListOldOrders:
    def test_shows_own_old_orders_newest_first(self, shop: Shop, shopping: TestClient) -> None:
        shop.old_order(shop.user())
        response = shopping.get("/users/old-orders/")
        assert numbers(response) == ["3", "1", "2", "4"]
        assert response.json()["count"] == 4

    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            ("number", ["1", "2", "3", "4"]),
            ("-number", ["4", "3", "2", "1"]),
            ("created_date", ["4", "2", "1", "3"]),
            ("amount", ["1", "4", "2", "3"]),
            ("-amount", ["3", "4", "2", "1"]),
            ("bank", ["3", "1", "4", "2"]),
            ("-bank", ["4", "1", "3", "2"]),
            ("tracking_number", ["1", "3", "4", "2"]),
            ("-payment_type", ["1", "4", "2", "3"]),
        ],
    )
    def test_sorts_by_code_point_with_absent_values_last(
        self, shopping: TestClient, sort: str, expected: list[str]
    ) -> None:
        assert numbers(shopping.get("/users/old-orders/", params={"sort": sort})) == expected

    @pytest.mark.parametrize("field", list(OldOrderField))
    @pytest.mark.parametrize("prefix", ["", "-"])
    def test_sorts_by_every_documented_field(
        self, shopping: TestClient, field: str, prefix: str
    ) -> None:
        response = shopping.get("/users/old-orders/", params={"sort": prefix + field})
        assert sorted(numbers(response)) == ["1", "2", "3", "4"]

    def test_pages_have_the_same_sort(self, shopping: TestClient) -> None:
        first = shopping.get("/users/old-orders/?sort=-bank&limit=3")
        second = shopping.get(first.json()["next"])
        assert numbers(first) + numbers(second) == ["4", "1", "3", "2"]

    def test_filters_by_currency(self, shopping: TestClient) -> None:
        assert numbers(shopping.get("/users/old-orders/?currency=usd")) == ["2"]
        assert numbers(shopping.get("/users/old-orders/?currency=jod")) == []

    def test_searches_part_of_the_number(self, shop: Shop, shopper: User, shopping: Any) -> None:
        shop.old_order(shopper, number="A_4%")
        assert numbers(shopping.get("/users/old-orders/", params={"search": "_4%"})) == ["A_4%"]

    def test_is_empty_for_a_guest(self, shop: Shop, clients: Clients) -> None:
        guest = shop.user(user_type=UserType.GUEST)
        shop.old_order(guest)
        response = clients.new(shop.session(guest)).get("/users/old-orders/")
        assert response.json() == {"count": 0, "next": None, "previous": None, "results": []}


class TestGetOldOrder:
    def test_shows_the_old_order(self, shop: Shop, shopper: User, shopping: TestClient) -> None:
        order = shop.old_order(shopper, currency=Currency.KWD, amount=1099)
        shown = shopping.get(f"/users/old-orders/{order.pk}/").json()
        assert shown["amount"] == "1.099"
        assert shown["currency"] == {"value": "kwd", "label": "KWD"}
        assert shown["user"] == shopper.pk
        assert shown["oldorderitem_set"][0]["product"] == "Havlu"

    def test_has_the_same_response_for_foreign_and_absent_orders(
        self, shop: Shop, shopping: TestClient
    ) -> None:
        foreign = shop.old_order(shop.user())
        responses = [shopping.get(f"/users/old-orders/{pk}/") for pk in (foreign.pk, 987654)]
        assert [response.status_code for response in responses] == [404, 404]
        assert responses[0].content == responses[1].content

    def test_a_guest_does_not_even_find_own_ones(self, shop: Shop, clients: Clients) -> None:
        guest = shop.user(user_type=UserType.GUEST)
        own = shop.old_order(guest)
        client = clients.new(shop.session(guest))
        assert client.get(f"/users/old-orders/{own.pk}/").status_code == 404

    def test_html_contains_the_document(
        self, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        order = shop.old_order(shopper)
        response = shopping.get(f"/users/old-orders/{order.pk}/", headers={"Accept": "text/html"})
        assert response.json()["data"]["pk"] == order.pk
