"""Fixtures of the tests of several handlers."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.sellers.sellers import Seller
from handlers.contract.asgi.routing import ContractApp
from handlers.web.request_context import PARTS
from persistence.database import Database
from tests.support.application import Clients, Shop
from tests.support.builders import make_item, make_seller
from tests.support.operator_commands import StoredOrders
from tests.support.seller_clients import FakeSellerDatabase


@pytest.fixture
def stored_orders(shop: Shop, database: Database) -> StoredOrders:
    return StoredOrders(shop, database)


@pytest.fixture
def fake_database(app: ContractApp) -> Iterator[FakeSellerDatabase]:
    """Replaces the application's database."""
    parts = app.app.extensions[PARTS]
    fake = FakeSellerDatabase()
    app.app.extensions[PARTS] = replace(parts, database=fake)
    yield fake
    app.app.extensions[PARTS] = parts


@pytest.fixture
def selling(clients: Clients, fake_database: FakeSellerDatabase) -> TestClient:
    """The client of a seller whose token has all scopes."""
    return clients.selling(fake_database.token())


@pytest.fixture
def seller(shop: Shop, shopper: User) -> Seller:
    """A seller with an item of the shopper's order."""
    seller = make_seller()
    shop.order(shopper, items=[make_item(seller=seller)])
    return seller


@pytest.fixture
def trading(clients: Clients, shop: Shop, seller: Seller) -> TestClient:
    """The client of the seller, with a token that has all scopes."""
    return clients.selling(shop.token(seller))
