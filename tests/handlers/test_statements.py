"""The number of statements and connections of reads; a second read renders nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.sellers.sellers import Seller
from handlers.app import database_of
from handlers.contract.asgi.routing import ContractApp
from handlers.rendering.renderer import ContractRenderer
from tests.support import citus
from tests.support.application import Shop
from tests.support.builders import make_item

Statements = list[tuple[str, Any]]

# The statement for the response also finds the caller.
OF_SHOPPERS = {
    "/users/orders/?limit=12": 1,
    "/users/orders/?limit=1&page=2&search=A&last_month=false": 1,
    "/users/orders/{order}/": 1,
    "/users/orders/{order}/cancellation/": 1,
    "/users/old-orders/?sort=-amount": 1,
    "/users/old-orders/{old_order}/": 1,
}
OF_SELLERS = {
    "/api/i1/orders/?amount__gte=0.01&currency=try": 1,
    "/api/i1/orders/?cursor=&ordering=-amount": 1,
    "/api/i1/order-items/?order__number__icontains=a": 1,
    "/api/i1/customer-addresses/": 1,
}


@pytest.fixture
def pks(shop: Shop, shopper: User, seller: Seller) -> dict[str, int]:
    for number in range(3):
        shop.order(shopper, number=f"A{number}", items=[make_item(seller=seller)])
    order, old_order = shop.order(shopper), shop.old_order(shopper)
    return {"order": order.pk, "old_order": old_order.pk}


@dataclass(frozen=True)
class Sent:
    """Statements, and the connections that were taken for them."""

    statements: Statements
    connections: list[object] = field(default_factory=list)

    def take(self, connection: object, *_: object) -> None:
        """Note a connection that is taken from its pool."""
        self.connections.append(connection)

    def clear(self) -> None:
        """Forget what was sent so far."""
        self.statements.clear()
        self.connections.clear()


@pytest.fixture
def sent(statements: Statements) -> Iterator[Sent]:
    sent = Sent(statements)
    event.listen(sa.Pool, "checkout", sent.take)
    yield sent
    event.remove(sa.Pool, "checkout", sent.take)


@pytest.mark.parametrize("path", OF_SHOPPERS)
def test_reads_of_shoppers_need_the_expected_statements_and_one_connection(
    app: ContractApp,
    shopping: TestClient,
    pks: dict[str, int],
    sent: Sent,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = path.format(**pks)
    first = shopping.get(url)
    database_of(app).finish_background()
    sent.clear()
    monkeypatch.delattr(ContractRenderer, "__call__")

    again = shopping.get(url)

    assert (again.status_code, again.content) == (200, first.content)
    assert (len(sent.statements), len(sent.connections)) == (OF_SHOPPERS[path], 1)


@pytest.mark.parametrize("path", OF_SELLERS)
def test_reads_of_sellers_need_the_expected_statements_and_one_connection(
    trading: TestClient,
    pks: dict[str, int],
    sent: Sent,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = trading.get(path)
    sent.clear()
    monkeypatch.delattr(ContractRenderer, "__call__")

    again = trading.get(path)

    assert again.json()["results"]
    assert (again.status_code, again.content) == (200, first.content)
    # Citus has tokens on the coordinator, so finding the caller takes a statement of its own there.
    more = bool(citus.COORDINATOR)
    assert len(sent.statements) == OF_SELLERS[path] + more
    assert len(sent.connections) == 1 + more


def test_a_filter_that_no_row_can_match_needs_no_query(
    trading: TestClient, statements: Statements
) -> None:
    trading.get("/api/i1/orders/")
    statements.clear()

    found = trading.get("/api/i1/orders/?currency=xyz").json()

    assert (found["count"], found["results"]) == (0, [])
    assert len(statements) == 1
