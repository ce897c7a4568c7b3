"""Operations of openapi/orders/orders.yaml over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from domain.orders.states import OrderState
from tests.support.application import Clients, Shop
from tests.support.builders import NOW, make_discount, make_item


def numbers(response: Any) -> list[str]:
    return [order["number"] for order in response.json()["results"]]


class TestListUserOrders:
    def test_shows_own_orders_newest_first(
        self, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        shop.order(shopper, number="1", created_date=NOW)
        shop.order(shopper, number="2", created_date=NOW + timedelta(hours=1))
        shop.order(shop.user(), number="3")
        response = shopping.get("/users/orders/")
        assert response.status_code == 200
        assert numbers(response) == ["2", "1"]
        assert response.json()["count"] == 2

    def test_has_absolute_links_with_the_other_parameters(
        self, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        for number in range(5):
            shop.order(shopper, number=f"A{number}")
        page = shopping.get("/users/orders/?search=A&limit=2&page=2").json()
        base = "http://testserver/users/orders/?search=A&limit=2"
        assert page["next"] == f"{base}&page=3"
        assert page["previous"] == base
        last = shopping.get(page["next"])
        assert last.json()["next"] is None
        assert len(numbers(last)) == 1

    def test_an_empty_list_has_a_first_page_only(self, shopping: TestClient) -> None:
        first = shopping.get("/users/orders/")
        assert first.json() == {"count": 0, "next": None, "previous": None, "results": []}
        second = shopping.get("/users/orders/?page=2")
        assert second.status_code == 404
        assert second.json() == {"detail": "Invalid page.", "error_code": "invalid_page"}

    @pytest.mark.parametrize("search", ["%", "_", "a%", "B1"])
    def test_search_takes_every_character_literally(
        self, shop: Shop, shopper: User, shopping: TestClient, search: str
    ) -> None:
        shop.order(shopper, number=f"x{search}y")
        shop.order(shopper, number="xb1ay")
        assert numbers(shopping.get("/users/orders/", params={"search": search})) == [f"x{search}y"]

    def test_last_month_excludes_older_orders(
        self, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        now = datetime.now(UTC)
        shop.order(shopper, number="new", created_date=now - timedelta(days=29))
        shop.order(shopper, number="old", created_date=now - timedelta(days=31))
        assert numbers(shopping.get("/users/orders/?last_month=true")) == ["new"]
        assert numbers(shopping.get("/users/orders/?last_month=false")) == ["new", "old"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"created_date__gte": "2026-03-01"}, ["noon"]),
            ({"created_date__lte": "2026-03-01"}, ["noon", "eve"]),
            ({"created_date__lte": "2026-02-28"}, ["eve"]),
            ({"created_date__gte": "2026-03-01T12:00:00Z"}, ["noon"]),
            ({"created_date__gte": "2026-03-01T12:00:00.000001"}, []),
            ({"created_date__lte": "2026-03-01T13:59:59+02:00"}, ["eve"]),
            ({"created_date__lte": "2026-03-01 13:59:59+0200"}, ["eve"]),
            ({"created_date__lte": "2026-03-01T14:00:00 02:00"}, ["noon", "eve"]),
            ({"created_date__gte": " 2026-03-01 ", "limit": "12 "}, ["noon"]),
        ],
    )
    def test_created_date_bounds_are_inclusive(
        self,
        shop: Shop,
        shopper: User,
        shopping: TestClient,
        query: dict[str, str],
        found: list[str],
    ) -> None:
        shop.order(shopper, number="noon", created_date=NOW)
        shop.order(shopper, number="eve", created_date=NOW - timedelta(days=1))
        assert numbers(shopping.get("/users/orders/", params=query)) == found

    def test_a_guest_sees_only_the_newest(self, shop: Shop, clients: Clients) -> None:
        guest = shop.user(user_type=UserType.GUEST)
        shop.order(guest, number="newest", created_date=NOW)
        shop.order(guest, number="older", created_date=NOW - timedelta(days=1))
        response = clients.new(shop.session(guest)).get("/users/orders/")
        assert numbers(response) == ["newest"]
        assert response.json()["count"] == 1

    def test_unknown_parameters_are_ignored(self, shopping: TestClient) -> None:
        assert shopping.get("/users/orders/?format=json&_=17&_=18").status_code == 200


class TestGetUserOrder:
    def test_shows_the_whole_order(self, shop: Shop, shopper: User, shopping: TestClient) -> None:
        order = shop.order(
            shopper,
            items=[make_item(line=1, price=30000, quantity=3), make_item(line=2, price=10000)],
            discounts=[make_discount(amount=1001)],
            shipping_amount=1990,
        )
        shown = shopping.get(f"/users/orders/{order.pk}/").json()
        assert shown["pk"] == shown["id"] == order.pk
        assert shown["amount"] == "409.89"
        assert shown["amount_without_discount"] == "419.90"
        assert [item["discount_amount"] for item in shown["orderitem_set"]] == ["7.51", "2.50"]
        assert shown["orderitem_set"][0]["discounted_price"] == "292.49"
        assert shown["shipping_address"]["user"] == shopper.pk
        assert "code" not in shown["shipping_address"]["city"]

    def test_has_the_same_response_for_foreign_and_absent_orders(
        self, shop: Shop, shopping: TestClient
    ) -> None:
        foreign = shop.order(shop.user())
        responses = [shopping.get(f"/users/orders/{pk}/") for pk in (foreign.pk, 987654)]
        assert [response.status_code for response in responses] == [404, 404]
        assert responses[0].content == responses[1].content
        own = {"x-request-id", "date"}
        first, second = ({**a.headers} for a in responses)
        assert {k: v for k, v in first.items() if k not in own} == {
            k: v for k, v in second.items() if k not in own
        }

    @pytest.mark.parametrize("pk", ["1", "0", "-1", "987654"])
    def test_a_guest_gets_the_order_with_the_highest_pk_for_any_pk(
        self, shop: Shop, clients: Clients, pk: str
    ) -> None:
        guest = shop.user(user_type=UserType.GUEST)
        shop.order(guest, number="first", created_date=NOW)
        shop.order(guest, number="last", created_date=NOW - timedelta(days=1))
        response = clients.new(shop.session(guest)).get(f"/users/orders/{pk}/")
        assert response.json()["number"] == "last"

    def test_a_guest_without_orders_finds_nothing(self, shop: Shop, clients: Clients) -> None:
        guest = shop.user(user_type=UserType.GUEST)
        assert clients.new(shop.session(guest)).get("/users/orders/1/").status_code == 404

    def test_html_contains_the_escaped_document(
        self, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        order = shop.order(shopper, notes="</script><b>&")
        response = shopping.get(f"/users/orders/{order.pk}/", headers={"Accept": "text/html"})
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert not set("<>&") & set(response.text)
        assert response.json()["data"]["notes"] == "</script><b>&"

    def test_labels_are_in_the_language_of_the_request(
        self, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        order = shop.order(shopper, state=OrderState.CANCELLED)
        labels = {}
        for language in ("tr-TR,tr;q=0.9", "en", "de"):
            headers = {"Accept-Language": language}
            shown = shopping.get(f"/users/orders/{order.pk}/", headers=headers)
            labels[language] = shown.json()["status"]["label"], shown.headers["Content-Language"]
        assert labels["tr-TR,tr;q=0.9"] == ("İptal edildi", "tr-tr")
        assert labels["en"] == labels["de"] == ("Cancelled", "en-us")


class TestGetOrderCancellation:
    def test_shows_the_cancellable_units(
        self, shop: Shop, shopper: User, shopping: TestClient
    ) -> None:
        order = shop.order(
            shopper, items=[make_item(price=30000, quantity=3, cancelled_quantity=1)]
        )
        shown = shopping.get(f"/users/orders/{order.pk}/cancellation/").json()
        assert shown["is_cancellable"] is True
        assert shown["orderitem_set"][0]["cancellable_quantity"] == 2

    def test_a_guest_gets_the_latest_by_created_date(self, shop: Shop, clients: Clients) -> None:
        guest = shop.user(user_type=UserType.GUEST)
        shop.order(guest, number="latest", created_date=NOW)
        shop.order(guest, number="higher pk", created_date=NOW - timedelta(days=1))
        response = clients.new(shop.session(guest)).get("/users/orders/1/cancellation/")
        assert response.json()["number"] == "latest"

    def test_a_foreign_order_is_not_found(self, shop: Shop, shopping: TestClient) -> None:
        foreign = shop.order(shop.user())
        assert shopping.get(f"/users/orders/{foreign.pk}/cancellation/").status_code == 404
