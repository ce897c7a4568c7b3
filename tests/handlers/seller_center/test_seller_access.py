"""Access to the Seller Center API: every operation by every kind of caller."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from domain.orders.orders import Order
from domain.sellers.callers import Scope
from domain.sellers.sellers import Seller
from domain.sellers.tokens import list_seller_tokens, revoke_seller_token
from domain.shared.paging import PageRequest
from handlers.contract.operations.operations import Operation
from tests.contract.compiled import compiled_operations
from tests.support.application import Clients, Shop
from tests.support.builders import make_item, make_seller

OPERATIONS = [
    operation
    for operation in compiled_operations().values()
    if ("SellerToken",) in operation.security
]
LISTS = [operation for operation in OPERATIONS if operation.method == "get"]
# Operations that need a session or a grant.
SHOPPERS = [
    operation
    for operation in compiled_operations().values()
    if operation.security
    and () not in operation.security
    and operation not in OPERATIONS
    and ("ShopToken",) not in operation.security
]
JSON = {"Content-Type": "application/json"}


class Market:
    """An order of two sellers, and callers of all kinds."""

    def __init__(self, clients: Clients, shop: Shop, shopper: User) -> None:
        self._clients, self._shop, self._shopper = clients, shop, shopper
        self.sellers = [make_seller(), make_seller()]
        items = [
            make_item(line=at, seller=seller) for at, seller in enumerate(self.sellers, start=1)
        ]
        self.order: Order = shop.order(shopper, items=items)
        self.own, self.foreign = (item.uuid for item in items)

    def client(self, who: str) -> TestClient:
        callers: dict[str, Callable[[], TestClient]] = {
            "anonymous": self._clients.new,
            "shopper": lambda: self._clients.posting(self._shop.session(self._shopper)),
            "guest": lambda: self._clients.posting(self._shop.session(self._guest())),
            "guest grant": self._granted,
            "own": lambda: self._clients.selling(self._shop.token(self.sellers[0])),
            "other": lambda: self._clients.selling(self._shop.token(self.sellers[1])),
            "expired": lambda: self._clients.selling(self._shop.token(self.sellers[0], days=-1)),
            "revoked": self._revoked,
        }
        return callers[who]()

    def lacking(self, operation: Operation) -> TestClient:
        """The seller's client, with all scopes except the operation's."""
        scopes = [scope for scope in Scope if scope not in operation.scopes]
        return self._clients.selling(self._shop.token(self.sellers[0], scopes))

    def _guest(self) -> User:
        return self._shop.user(user_type=UserType.GUEST)

    def _granted(self) -> TestClient:
        order = self._shop.order(self._guest(), user_email="guest@example.com")
        client = self._clients.new()
        look_up = {"email": "guest@example.com", "number": order.number}
        assert client.post("/users/orders/anonymous/", json=look_up).status_code == 200
        client.headers["x-csrftoken"] = client.cookies["csrftoken"]
        return client

    def _revoked(self) -> TestClient:
        seller: Seller = self.sellers[0]
        value = self._shop.token(seller)
        with self._shop.database.writing() as uow:
            [token] = list_seller_tokens(seller.slug, PageRequest(), uow).entries
            revoke_seller_token(token.pk, uow)
        return self._clients.selling(value)


@pytest.fixture
def market(clients: Clients, shop: Shop, shopper: User) -> Market:
    return Market(clients, shop, shopper)


def send(client: TestClient, operation: Operation, item_id: object = None) -> Any:
    path = operation.path.format(orderitem_id=item_id or uuid4(), pk=1, id=1)
    return client.request(operation.method.upper(), path, headers=JSON)


def named(operation: Operation) -> str:
    return operation.operation_id


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
class TestOperations:
    @pytest.mark.parametrize(
        "who", ["anonymous", "shopper", "guest", "guest grant", "expired", "revoked"]
    )
    @pytest.mark.parametrize("whose", ["own", "foreign", "absent"])
    def test_refuse_callers_without_a_valid_token(
        self, market: Market, operation: Operation, who: str, whose: str
    ) -> None:
        response = send(market.client(who), operation, getattr(market, whose, uuid4()))

        assert (response.status_code, response.json()["error_code"]) == (401, "not_authenticated")

    @pytest.mark.parametrize("whose", ["own", "foreign", "absent"])
    def test_refuse_tokens_without_the_scope(
        self, market: Market, operation: Operation, whose: str
    ) -> None:
        response = send(market.lacking(operation), operation, getattr(market, whose, uuid4()))

        assert (response.status_code, response.json()["error_code"]) == (403, "missing_scope")


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_lists_have_only_rows_of_the_caller(market: Market, operation: Operation) -> None:
    own, other = (market.client(who) for who in ("own", "other"))
    for client, item_id in ((own, market.own), (other, market.foreign)):
        path = f"/api/i1/order-items/{item_id}/reject/"
        assert client.post(path).status_code == 204

    own_list, other_list = (send(client, operation).json() for client in (own, other))

    assert (own_list["count"], other_list["count"]) == (1, 1)
    # Both sell to the same customer.
    same = operation.operation_id == "listSellerCustomerAddresses"
    assert (own_list["results"][0]["id"] == other_list["results"][0]["id"]) is same
    assert str(market.foreign) not in str(own_list)
    assert str(market.sellers[1].uuid) not in str(own_list)


def test_filters_by_foreign_ids_find_nothing(market: Market) -> None:
    other, own = market.client("other"), market.client("own")
    order = other.get("/api/i1/orders/").json()["results"][0]["id"]
    assert other.post(f"/api/i1/order-items/{market.foreign}/reject/").status_code == 204

    for query in (f"order={order}", f"order_items={market.foreign}"):
        path = f"/api/i1/cancellation-plans/?{query}"
        assert (other.get(path).json()["count"], own.get(path).json()["count"]) == (1, 0)


@pytest.mark.parametrize("operation", SHOPPERS, ids=named)
@pytest.mark.parametrize("header", ["Authorization", "Authentication"])
def test_tokens_of_sellers_give_no_access_to_operations_of_shoppers(
    market: Market, operation: Operation, header: str
) -> None:
    client = market.client("own")
    client.headers[header] = client.headers.pop("Authorization")

    response = send(client, operation)

    assert (response.status_code, response.json()["error_code"]) == (401, "not_authenticated")
