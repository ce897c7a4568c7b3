from collections.abc import Iterator
from contextlib import closing

import pytest

from domain.accounts.users import User
from domain.orders.orders import Order
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.aggregate import ORDER
from persistence.sql.work import Work
from tests.support.complete_orders import complete_order
from tests.support.every_statement import fill_every_table
from tests.support.stored import store_reason


@pytest.fixture
def order(database: Database, engines: Engines, shopper: User) -> Order:
    """A stored order with a row in every table."""
    order = complete_order(shopper.pk, store_reason(engines).pk)
    with database.writing() as uow:
        uow.orders.add(order)
        uow.commit()
    return order


@pytest.fixture
def filled(database: Database, engines: Engines, shopper: User) -> None:
    """A database with a row in every table."""
    fill_every_table(database, engines, shopper)


@pytest.fixture
def work(engines: Engines) -> Iterator[Work]:
    with closing(Work(engines.writing)) as work:
        yield work


@pytest.fixture
def loaded(work: Work, order: Order) -> Order:
    [loaded] = work.load(ORDER, [order.pk])
    return loaded
