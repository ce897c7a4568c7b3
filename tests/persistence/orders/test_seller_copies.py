"""The copies by seller are the same as what they are copied from, after each kind of write."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.orders.archiving import archive_order
from domain.orders.return_policy import ReturnPolicy
from domain.orders.states import OrderState
from domain.privacy.personal_data import erase_personal_data
from domain.sellers.sellers import change_seller
from persistence.accounts.users import users
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.engine.nodes import is_distributed
from persistence.orders.aggregate import ORDER
from persistence.orders.seller_copies import ADDRESSES, SELLER_ORDERS
from persistence.orders.seller_copying import _stored_rows, _wanted_rows
from persistence.orders.seller_counts import seller_order_counts
from persistence.orders.seller_orders import seller_orders
from persistence.sql.work import Work
from tests.persistence.imports.test_store import store_one
from tests.persistence.orders.test_seller_projection import Change, changes
from tests.persistence.seller_center.test_seller_orders import CHANGES, Sale
from tests.support import citus
from tests.support.complete_orders import complete_order
from tests.support.distributed_sellers import differing_copies, number_of_copies
from tests.support.documents import address_document, line_document
from tests.support.emptied import empty
from tests.support.stored import plan_of, store_reason, store_user
from tests.support.stored_sellers import sold, store_sold, two_sellers

ACTOR = "operator:ayse"
NO_RETURNS = ReturnPolicy(timedelta())
USTA, OTHER = ({"slug": slug, "name": slug.title()} for slug in ("usta", "other"))


@pytest.fixture
def engines(distributed_url: str, distributed: Database) -> Iterator[Engines]:
    engines = connect(distributed_url, Pool(2))
    yield engines
    engines.dispose()


@pytest.fixture
def sale(distributed: Database, engines: Engines) -> Sale:
    return Sale(distributed, engines, store_user(distributed).pk)


def counted(engines: Engines) -> tuple[int, ...]:
    return tuple(number_of_copies(engines).values())


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_are_the_same_after(sale: Sale, change: Callable[[Sale], object]) -> None:
    change(sale)

    assert differing_copies(sale.engines) == []
    assert number_of_copies(sale.engines)["seller_orders_by_seller"] == len(sale.rows())


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(saves=st.lists(st.lists(changes, min_size=1, max_size=4), min_size=1, max_size=3))
def test_are_the_same_after_any_saves(
    distributed_url: str, distributed: Database, engines: Engines, saves: list[list[Change]]
) -> None:
    empty(distributed_url, has_copies=True)
    order = complete_order(store_user(distributed).pk, store_reason(engines).pk)
    with distributed.writing() as uow:
        uow.orders.add(order)
        uow.commit()
    with closing(Work(engines.writing)) as work:
        [loaded] = work.load(ORDER, [order.pk])
        for save in saves:
            for change in save:
                change(loaded)
            work.flush()
        work.commit()

    assert differing_copies(engines) == []


def test_are_the_same_after_imports(distributed: Database, engines: Engines) -> None:
    lines = [line_document(line=1, seller=USTA), line_document(line=2, seller=OTHER)]
    store_one(distributed, items=lines, extra_field={"a": 1.5})
    assert differing_copies(engines) == []
    assert counted(engines) == (2, 2, 0, 0, 2)

    lines[1]["seller"] = USTA
    address = address_document(line="Lale Sk. 7")
    store_one(distributed, items=lines, extra_field={"a": 1.5}, shipping_address=address)

    assert differing_copies(engines) == []
    # The earlier address stays, as the shopper's does.
    assert counted(engines) == (1, 2, 0, 0, 3)


def test_are_the_same_after_a_save_without_plans(sale: Sale) -> None:
    with sale.database.writing() as uow:
        order = uow.orders.get(sale.order.pk)
        assert order is not None
        order.notes = "changed"
        uow.commit()

    assert differing_copies(sale.engines) == []


def test_are_removed_with_an_archived_order(distributed: Database, engines: Engines) -> None:
    seller, other = two_sellers()
    done = OrderState.DELIVERED
    orders = store_sold(
        distributed,
        store_user(distributed).pk,
        {"number": "A", "items": [sold(seller, state=done), sold(other, 2, state=done)]},
        {"number": "B", "items": [sold(seller, state=done)]},
    )
    with distributed.writing() as uow:
        assert archive_order(orders[0].pk, NO_RETURNS, ACTOR, uow) is None

    assert differing_copies(engines) == []
    assert counted(engines)[:3] == (1, 1, 0)


def test_have_nothing_of_an_erased_person(sale: Sale, distributed: Database) -> None:
    CHANGES["completing"](sale)
    with sale.engines.autocommit.connect() as connection:
        [email] = connection.scalars(sa.select(users.c.email))
        before = set(connection.scalars(sa.select(ADDRESSES.table.c.pk)))
    with distributed.writing() as uow:
        erase_personal_data(email, ACTOR, uow, even_underway=True)

    assert differing_copies(sale.engines) == []
    with sale.engines.autocommit.connect() as connection:
        left = set(connection.scalars(sa.select(ADDRESSES.table.c.pk)))
    assert left
    assert before
    assert not left & before


def test_have_the_versions_of_orders_that_statements_change(sale: Sale) -> None:
    before = newest_version(sale.engines)
    with sale.database.writing() as uow:
        change_seller(sale.sellers[0].slug, "Another name", ACTOR, uow)

    assert differing_copies(sale.engines) == []
    assert newest_version(sale.engines) > before


def newest_version(engines: Engines) -> int:
    newest = sa.select(sa.func.max(SELLER_ORDERS.table.c.order_version))
    with engines.autocommit.connect() as connection:
        version: int = connection.execute(newest).scalar_one()
    return version


def test_are_made_again_with_sellers_orders(sale: Sale) -> None:
    with sale.engines.writing.begin() as connection:
        assert is_distributed(connection)
        connection.execute(sa.delete(seller_orders))
        connection.execute(sa.delete(seller_order_counts))

    sale.database.migrate()

    assert differing_copies(sale.engines) == []
    assert counted(sale.engines) == (2, 2, 0, 0, 2)


@citus.only_distributed
def test_are_compared_by_one_task_for_each_node(sale: Sale) -> None:
    order = sale.order
    queries = {
        _wanted_rows(): {"order_pks": [order.pk], "user_pk": order.user_pk},
        _stored_rows(): {"order_pks": [order.pk], "seller_pk": sale.sellers[0].pk},
    }
    for query, values in queries.items():
        compiled = query.compiled(sale.engines.dialect)
        plan = plan_of(sale.engines, compiled.sql, compiled.parameters(values))
        assert "Task Count: 1\n" in plan


def test_are_filled_by_distributing(sale: Sale, distributed_url: str) -> None:
    CHANGES["completing"](sale)
    before = number_of_copies(sale.engines)
    with sale.engines.writing.begin() as connection:
        for name in before:
            # As if an earlier release had made them.
            connection.exec_driver_sql(f"COMMENT ON TABLE {name} IS 'outdated'")
            connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608 - a table's name

    if citus.COORDINATOR:
        citus.distribute(distributed_url)
    else:
        citus.convert(distributed_url)

    assert differing_copies(sale.engines) == []
    assert number_of_copies(sale.engines) == before
    assert all(before.values())
