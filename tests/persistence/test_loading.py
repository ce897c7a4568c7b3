import pytest
import sqlalchemy as sa
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from domain.orders import Order
from domain.users import User
from persistence.database import Database
from persistence.engines import Engines
from persistence.loading import Loader
from tests.builders import make_lines
from tests.persistence.stored import store_order

WITH_PRODUCTS = Loader(Order, ["items.product", "shipping_address"])


@pytest.fixture
def order(database: Database, shopper: User) -> Order:
    return store_order(database, user_pk=shopper.pk, items=make_lines(2, 1))


class TestLoad:
    def test_gives_what_is_the_sessions_own(self, engines: Engines, order: Order) -> None:
        with Session(engines.autocommit) as session:
            [loaded] = WITH_PRODUCTS.load(session, [order.pk])

            assert session.get(Order, order.pk) is loaded
            assert WITH_PRODUCTS.load(session, [order.pk]) == [loaded]
            assert {*loaded.items} <= {*session}

    def test_leaves_out_what_is_not_there(self, engines: Engines, order: Order) -> None:
        with Session(engines.autocommit) as session:
            found = WITH_PRODUCTS.load(session, [order.pk + 1, order.pk])

        assert [each.pk for each in found] == [order.pk]


class TestRead:
    def test_gives_what_is_no_sessions(self, engines: Engines, order: Order) -> None:
        with Session(engines.autocommit) as session:
            [read] = WITH_PRODUCTS.read(session, [order.pk])

            assert not [*session]
        assert sa.inspect(read).detached
        assert read.number == order.number
        assert [item.product.sku for item in read.items] == [
            item.product.sku for item in order.items
        ]

    def test_gives_nothing_besides(self, engines: Engines, order: Order) -> None:
        with Session(engines.autocommit) as session:
            [read] = Loader(Order).read(session, [order.pk])

            with pytest.raises(InvalidRequestError, match="not available"):
                _ = read.items
