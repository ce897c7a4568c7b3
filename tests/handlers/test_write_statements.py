"""The number of statements of writes."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.sellers.sellers import Seller
from tests.conftest import KIND
from tests.support import citus
from tests.support.application import Shop
from tests.support.builders import make_item, make_product
from tests.support.trade_in_clients import stored, url

pytestmark = citus.one_node("Citus gets a statement for each changed table")

Statements = list[tuple[str, Any]]

# By operation, on SQLite and on PostgreSQL: SQLite has a statement for every part that is loaded,
# and for every table with new rows. PostgreSQL gets all changes in one.
COUNTS = {
    "create": (26, 6),
    "create with key": (29, 11),
    "bulk": (28, 7),
    "trade-in": (18, 5),
    # These find the order's user first.
    "approve": (23, 5),
    "complete": (23, 5),
    "reject": (25, 5),
    "seller rejects": (32, 9),
}


@pytest.fixture
def items(shop: Shop, shopper: User, seller: Seller) -> list[OrderItem]:
    """The lines of the second of two orders."""
    _order(shop, shopper, seller)
    return _order(shop, shopper, seller).items


def _order(shop: Shop, shopper: User, seller: Seller) -> Order:
    lines = [
        make_item(line=at, seller=seller, quantity=2, product=make_product(sku=f"{at}"))
        for at in (1, 2)
    ]
    return shop.order(shopper, items=lines)


class Count:
    """Counts the statements of an operation, and compares the number with COUNTS."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def of(self, operation: str, run: Callable[[], Any]) -> Any:
        self._statements.clear()
        response = run()
        sent = [text for text, _ in self._statements if not text.startswith("PRAGMA")]
        expected = COUNTS[operation][KIND == "postgres"]
        assert len(sent) == expected, "\n".join([f"{operation}: {len(sent)}", *sent])
        return response


@pytest.fixture
def count(statements: Statements) -> Count:
    return Count(statements)


@pytest.fixture
def row(shop: Shop, items: list[OrderItem]) -> dict[str, Any]:
    """The body to cancel the first line."""
    return {
        "order_item": items[0].pk,
        "reason": shop.reason().pk,
        "cancellation_type": "cancel",
    }


SINGLE = "/users/orders/cancellation_requests/"
BULK = "/users/orders/bulk_cancellation_requests/"


class TestShoppers:
    @pytest.mark.parametrize(
        ("operation", "headers"),
        [("create", {}), ("create with key", {"Idempotency-Key": "a"})],
    )
    def test_create_a_request(
        self,
        cancelling: TestClient,
        row: dict[str, Any],
        count: Count,
        operation: str,
        headers: dict[str, str],
    ) -> None:
        response = count.of(operation, lambda: cancelling.post(SINGLE, json=row, headers=headers))

        assert response.status_code == 200

    def test_create_several(
        self, cancelling: TestClient, row: dict[str, Any], items: list[OrderItem], count: Count
    ) -> None:
        body = {"cancel_order_items": [row | {"order_item": item.pk} for item in items]}

        response = count.of("bulk", lambda: cancelling.post(BULK, json=body))

        assert response.status_code == 201

    def test_answer_a_trade_in_offer(
        self, shop: Shop, shopper: User, shopping: TestClient, count: Count
    ) -> None:
        offer = stored(shop, shopper)

        response = count.of("trade-in", lambda: shopping.get(url(offer, "approved")))

        assert response.status_code == 200


class TestOperator:
    def test_approve_complete_and_reject(
        self,
        cancelling: TestClient,
        shop: Shop,
        row: dict[str, Any],
        items: list[OrderItem],
        count: Count,
    ) -> None:
        first, second = (
            cancelling.post(SINGLE, json=row | {"order_item": item.pk}).json()["pk"]
            for item in items
        )

        def decide(service: Callable[..., Any], pk: int) -> Callable[[], Any]:
            def run() -> None:
                with shop.database.writing() as uow:
                    service(pk, "operator:ayse", uow)

            return run

        count.of("approve", decide(approve_request, first))
        count.of("complete", decide(complete_request, first))
        count.of("reject", decide(reject_request, second))


class TestSellers:
    def test_reject_a_line(self, trading: TestClient, items: list[OrderItem], count: Count) -> None:
        first, second = (f"/api/i1/order-items/{item.uuid}/reject/" for item in items)
        trading.post(
            first
        )  # the first use of the token is recorded, and the first rejection creates the reason

        response = count.of("seller rejects", lambda: trading.post(second))

        assert response.status_code == 204
