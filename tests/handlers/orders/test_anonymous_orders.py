"""Operations of openapi/orders/anonymous_orders.yaml over HTTP."""

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from domain.orders.cancellations import CancellationReason
from domain.orders.orders import Order
from handlers.auth.passwords import Argon2Passwords
from tests.support.application import DOMAIN, Clients, Shop
from tests.support.builders import make_item

LOOK_UP = "/users/orders/anonymous/"
SINGLE = "/users/orders/anonymous/cancellation_requests/"
BULK = "/users/orders/anonymous/bulk_cancellation_requests/"
EMAIL = "Deniz.Aydin@example.com"
NUMBER = "2745403029312170"


@pytest.fixture
def order(shop: Shop) -> Order:
    """A guest's order of two lines."""
    guest = shop.user(user_type=UserType.GUEST, email=EMAIL)
    items = [make_item(line=line) for line in (1, 2)]
    return shop.order(guest, user_email=EMAIL, number=NUMBER, items=items)


@pytest.fixture
def reason(shop: Shop) -> CancellationReason:
    return shop.reason()


@pytest.fixture
def draft(order: Order, reason: CancellationReason) -> dict[str, Any]:
    """The body to cancel the first line of the guest's order."""
    return {"order_item": order.items[0].pk, "reason": reason.pk, "cancellation_type": "cancel"}


def look_up(client: TestClient, **body: Any) -> Any:
    return client.post(LOOK_UP, json={"email": EMAIL, "order": NUMBER} | body)


@pytest.fixture
def granted(client: TestClient, order: Order) -> TestClient:
    """A client that has looked the order up and sends the CSRF token."""
    assert look_up(client).status_code == 200
    client.headers["x-csrftoken"] = client.cookies["csrftoken"]
    return client


class TestLookUpAnonymousOrder:
    def test_returns_the_order_as_a_page(self, client: TestClient, order: Order) -> None:
        response = look_up(client, email=EMAIL.lower())

        assert response.status_code == 200
        page = response.json()
        assert (page["count"], page["next"], page["previous"]) == (1, None, None)
        assert [entry["pk"] for entry in page["results"]] == [order.pk]

    @pytest.mark.parametrize("name", ["order", "number"])
    def test_accepts_a_form_and_either_name_of_the_number(
        self, client: TestClient, order: Order, name: str
    ) -> None:
        response = client.post(LOOK_UP, data={"email": EMAIL, name: order.number})

        assert response.json()["results"][0]["number"] == NUMBER

    def test_sets_a_grant_for_half_an_hour(self, client: TestClient, order: Order) -> None:
        [grant] = [
            value.lower()
            for value in look_up(client).headers.get_list("set-cookie")
            if value.startswith("ordergrant=")
        ]

        for part in ("httponly", "samesite=lax", "max-age=1800", "path=/"):
            assert part in grant

    @pytest.mark.parametrize(
        "body", [{"order": "2745403029312171"}, {"email": "x@example.com"}, {"order": "%"}], ids=str
    )
    def test_has_the_same_response_for_every_mismatch(
        self, shop: Shop, client: TestClient, order: Order, body: dict[str, str]
    ) -> None:
        shop.order(shop.user(), number="9", user_email=EMAIL)
        registered, mismatch = look_up(client, order="9"), look_up(client, **body)

        assert registered.status_code == mismatch.status_code == 404
        assert registered.content == mismatch.content
        assert "set-cookie" not in mismatch.headers

    @pytest.mark.parametrize("body", [{"order": "1"}, {"email": "x@example.com"}], ids=str)
    def test_takes_a_minimum_time_for_every_mismatch(
        self,
        client: TestClient,
        order: Order,
        body: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("handlers.orders.anonymous_orders.MISS_SECONDS", 0.3)
        began = monotonic()
        assert look_up(client, **body).status_code == 404
        assert monotonic() - began >= 0.3

    def test_is_limited_for_an_email_and_a_number(self, clients: Clients, order: Order) -> None:
        for number in range(5):
            assert look_up(clients.new(), email=f"{number}@example.com").status_code == 404
        refused = look_up(clients.new())

        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 15 * 60
        assert look_up(clients.new(), order="1").status_code == 404

    def test_a_repeated_miss_is_not_counted(self, clients: Clients, order: Order) -> None:
        for _ in range(10):
            assert look_up(clients.new(), email="x@example.com").status_code == 404

        assert look_up(clients.new()).status_code == 200

    def test_a_known_device_is_not_limited_by_others(self, clients: Clients, order: Order) -> None:
        known = clients.new()
        look_up(known)
        known.headers["x-csrftoken"] = known.cookies["csrftoken"]
        for number in range(5):
            look_up(clients.new(), email=f"{number}@example.com")

        assert look_up(clients.new()).status_code == 429
        assert look_up(known).status_code == 200

    def test_a_success_is_not_counted(self, clients: Clients, order: Order) -> None:
        assert {look_up(clients.new()).status_code for _ in range(21)} == {200}

    def test_is_limited_for_a_network_address(self, clients: Clients, order: Order) -> None:
        for number in range(20):
            look_up(clients.new(), email=f"{number}@example.com", order=str(number))

        assert look_up(clients.new()).status_code == 429

    @pytest.mark.parametrize(
        "body",
        [
            {"order": None},
            {"email": ""},
            {"email": "a" * 255},
            {"order": "1" * 65},
            {"email": 5},
        ],
        ids=str,
    )
    def test_refuses_an_invalid_body(self, client: TestClient, body: dict[str, Any]) -> None:
        response = look_up(client, **body)

        assert (response.status_code, set(response.json())) == (400, {*body, "error_code"})

    def test_needs_a_csrf_token_beside_a_session_or_a_grant(
        self, clients: Clients, shop: Shop, client: TestClient, order: Order
    ) -> None:
        session = shop.session(shop.user())
        look_up(client)

        assert look_up(clients.new(session)).json()["error_code"] == "csrf_failed"
        assert look_up(client).json()["error_code"] == "csrf_failed"
        posting = clients.posting(session)
        assert look_up(posting).status_code == 200

    def test_can_only_be_a_post(self, client: TestClient) -> None:
        response = client.get(LOOK_UP)

        assert (response.status_code, response.headers["allow"]) == (405, "OPTIONS, POST")


class TestCreateAnonymousCancellationRequest:
    def test_opens_a_request(self, granted: TestClient, draft: dict[str, Any]) -> None:
        response = granted.post(SINGLE, json=draft)

        assert (response.status_code, response.json()["order_item"]) == (200, draft["order_item"])
        [shown] = look_up(granted).json()["results"]
        assert shown["orderitem_set"][0]["active_cancellation_request"] is not None

    def test_finds_no_item_without_a_grant(
        self, client: TestClient, granted: TestClient, clients: Clients, draft: dict[str, Any]
    ) -> None:
        absent = granted.post(SINGLE, json=draft | {"order_item": 10**9})
        anonymous = clients.new().post(SINGLE, json=draft)

        assert absent.status_code == anonymous.status_code == 400
        assert absent.content == anonymous.content
        assert anonymous.json()["order_item"] == "Order item not found."

    def test_finds_no_item_of_another_order_of_the_guest(
        self, shop: Shop, granted: TestClient, order: Order, draft: dict[str, Any]
    ) -> None:
        guest = shop.user(user_type=UserType.GUEST)
        guest.pk = order.user_pk
        other = shop.order(guest, user_email=EMAIL)

        response = granted.post(SINGLE, json=draft | {"order_item": other.items[0].pk})

        assert response.status_code == 400

    def test_needs_the_csrf_token(self, granted: TestClient, draft: dict[str, Any]) -> None:
        del granted.headers["x-csrftoken"]
        response = granted.post(SINGLE, json=draft)

        assert (response.status_code, response.json()["error_code"]) == (403, "csrf_failed")

    @pytest.mark.parametrize(
        "spoil",
        [str.swapcase, lambda _: "", lambda _: "x.y.z"],
        ids=["changed", "empty", "made up"],
    )
    def test_ignores_a_forged_grant(
        self, granted: TestClient, draft: dict[str, Any], spoil: Callable[[str], str]
    ) -> None:
        forged = spoil(granted.cookies["ordergrant"])
        granted.cookies.clear()
        granted.cookies.set("ordergrant", forged)
        granted.headers["x-csrftoken"] = granted.get("/csrf_token/").json()["csrf_token"]
        response = granted.post(SINGLE, json=draft)

        assert (response.status_code, set(response.json())) == (400, {"order_item", "error_code"})

    def test_a_grant_gives_access_to_the_reasons(
        self, granted: TestClient, reason: CancellationReason
    ) -> None:
        page = granted.get("/users/orders/cancellation_reasons/").json()

        assert [entry["pk"] for entry in page["results"]] == [reason.pk]

    def test_a_grant_gives_no_access_to_orders_and_requests(self, granted: TestClient) -> None:
        assert granted.get("/users/orders/").status_code == 401
        assert granted.get("/users/orders/cancellation_requests/").status_code == 401


class TestGrantBesideASession:
    """A caller with a session who looks a guest's order up has two credentials."""

    @pytest.fixture
    def both(self, clients: Clients, shop: Shop, shopper: User, order: Order) -> TestClient:
        client = clients.posting(shop.session(shopper))
        assert look_up(client).status_code == 200
        return client

    def test_leaves_the_csrf_token_of_an_open_tab_valid(self, both: TestClient) -> None:
        assert both.headers["x-csrftoken"] != both.cookies["csrftoken"]
        assert both.post("/users/logout/").status_code == 204

    def test_needs_a_csrf_token_of_the_grant(self, both: TestClient, draft: dict[str, Any]) -> None:
        assert both.post(SINGLE, json=draft).json()["error_code"] == "csrf_failed"
        both.headers["x-csrftoken"] = both.cookies["csrftoken"]
        assert both.post(SINGLE, json=draft).status_code == 200
        assert both.post("/users/logout/").status_code == 204

    def test_refuses_the_csrf_token_of_a_planted_session(
        self, clients: Clients, shop: Shop, granted: TestClient, draft: dict[str, Any]
    ) -> None:
        planted = clients.posting(shop.session(shop.user()))
        for name in ("sessionid", "csrftoken"):
            granted.cookies.set(name, planted.cookies[name], domain=DOMAIN)
        granted.headers["x-csrftoken"] = planted.cookies["csrftoken"]

        response = granted.post(SINGLE, json=draft)

        assert (response.status_code, response.json()["error_code"]) == (403, "csrf_failed")

    def test_is_dropped_by_the_logout(self, both: TestClient, draft: dict[str, Any]) -> None:
        both.post("/users/logout/")

        assert "ordergrant" not in both.cookies
        assert both.post(SINGLE, json=draft).status_code == 400

    def test_is_dropped_by_the_login(
        self, granted: TestClient, shop: Shop, draft: dict[str, Any]
    ) -> None:
        shop.user(email="a@example.com", password_hash=Argon2Passwords().hash("right"))

        granted.post("/users/login/", json={"email": "a@example.com", "password": "right"})

        assert "ordergrant" not in granted.cookies
        granted.headers["x-csrftoken"] = granted.cookies["csrftoken"]
        assert granted.post(SINGLE, json=draft).status_code == 400

    def test_is_refused_if_two_cookies_differ(
        self, granted: TestClient, draft: dict[str, Any]
    ) -> None:
        cookies = f"csrftoken={granted.cookies['csrftoken']}; ordergrant="
        own = granted.cookies["ordergrant"]
        granted.cookies.clear()

        def post(*grants: str) -> Any:
            shown = "; ".join(
                [cookies + grants[0], *(f"ordergrant={grant}" for grant in grants[1:])]
            )
            return granted.post(SINGLE, json=draft, headers={"Cookie": shown})

        assert post(own, "planted").json()["error_code"] == "csrf_failed"
        assert post("planted", own).status_code == 403
        assert post(own, own).status_code == 200

    def test_gives_no_access_to_reasons_if_two_cookies_differ(self, granted: TestClient) -> None:
        shown = f"ordergrant={granted.cookies['ordergrant']}; ordergrant=planted"
        granted.cookies.clear()

        response = granted.get("/users/orders/cancellation_reasons/", headers={"Cookie": shown})

        assert response.status_code == 401


class TestCreateAnonymousBulkCancellationRequests:
    def test_opens_all(self, granted: TestClient, order: Order, draft: dict[str, Any]) -> None:
        rows = [draft | {"order_item": str(item.pk)} for item in order.items]
        response = granted.post(BULK, json={"cancel_order_items": rows})

        assert response.status_code == 201
        assert [entry["order_item"] for entry in response.json()] == [i.pk for i in order.items]

    def test_finds_no_item_without_a_grant(self, client: TestClient, draft: dict[str, Any]) -> None:
        response = client.post(BULK, json={"cancel_order_items": [draft]})

        assert (response.status_code, response.json()) == (
            400,
            {
                "cancel_order_items": {
                    "0": {
                        "order_item": "Order item not found.",
                        "error_code": "cancellation_request_100_1",
                    }
                }
            },
        )
