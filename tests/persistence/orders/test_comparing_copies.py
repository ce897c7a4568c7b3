"""Differences between the copies by seller and their rows are found, and no others."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from domain.cancellations.decisions import approve_request
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.orders import comparing_copies
from persistence.orders.addresses import addresses
from persistence.orders.comparing_copies import differing_sellers
from persistence.orders.order_items import order_items
from persistence.orders.seller_copies import ADDRESSES, COPIES, LINES, SELLER_ORDERS, Copy
from tests.persistence.seller_center.test_seller_orders import Sale
from tests.support import citus
from tests.support.stored import store_user

NAMES = [copy.table.name for copy in COPIES]


@pytest.fixture
def engines(distributed_url: str, distributed: Database) -> Iterator[Engines]:
    engines = connect(distributed_url, Pool(2))
    yield engines
    engines.dispose()


@pytest.fixture
def sale(distributed: Database, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> Sale:
    """An order of two sellers, with a row in each table of copies."""
    monkeypatch.setattr(comparing_copies, "PAUSE_SECONDS", 0)
    sale = Sale(distributed, engines, store_user(distributed).pk)
    sale.decide(sale.request(), approve_request)
    return sale


def change(sale: Sale, statement: sa.Executable) -> None:
    with sale.engines.writing.begin() as connection:
        connection.execute(statement)


def found(sale: Sale) -> dict[str, list[int]] | None:
    return differing_sellers(sale.engines.writing)


def test_nothing_is_found_after_writes(sale: Sale) -> None:
    assert found(sale) == {}


@pytest.mark.parametrize("copy", COPIES, ids=NAMES)
def test_a_missing_copy_is_found(sale: Sale, copy: Copy) -> None:
    seller = sale.sellers[0]
    change(sale, sa.delete(copy.table).where(copy.table.c.seller_pk == seller.pk))

    # Addresses are compared with the orders that name them.
    others = [ADDRESSES] if copy is SELLER_ORDERS else []
    assert found(sale) == {other.table.name: [seller.pk] for other in [copy, *others]}


def test_a_changed_copy_is_found(sale: Sale) -> None:
    change(sale, sa.update(LINES.table).values(quantity=LINES.table.c.quantity + 1))

    assert found(sale) == {"order_items_by_seller": sorted(s.pk for s in sale.sellers)}


def test_a_row_that_was_not_copied_is_found(sale: Sale) -> None:
    line = sale.order.items[0]
    own = order_items.c.pk == line.pk, order_items.c.user_pk == sale.order.user_pk
    change(sale, sa.update(order_items).where(*own).values(quantity=9))

    assert line.seller is not None
    assert found(sale) == {"order_items_by_seller": [line.seller.pk]}


def test_a_copy_that_should_not_exist_is_found(sale: Sale) -> None:
    row = sa.select(*LINES.table.c).where(LINES.table.c.seller_pk == sale.sellers[0].pk).limit(1)
    with sale.engines.writing.begin() as connection:
        stored = dict(connection.execute(row).mappings().one())
        connection.execute(sa.insert(LINES.table).values(stored | {"pk": 10**9}))

    assert found(sale) == {"order_items_by_seller": [sale.sellers[0].pk]}


def test_an_address_without_orders_may_stay(sale: Sale) -> None:
    row = sa.select(*ADDRESSES.table.c).limit(1)
    with sale.engines.writing.begin() as connection:
        stored = dict(connection.execute(row).mappings().one())
        connection.execute(sa.insert(ADDRESSES.table).values(stored | {"pk": 10**9}))

    assert found(sale) == {}


def test_a_changed_address_is_found(sale: Sale) -> None:
    own = addresses.c.user_pk == sale.order.user_pk
    change(sale, sa.update(addresses).where(own).values(line="changed"))

    assert found(sale) == {"addresses_by_seller": sorted(s.pk for s in sale.sellers)}


@pytest.mark.parametrize("later", [0, 8], ids=["repaired", "changed again"])
def test_what_changes_in_between_is_left_out(
    sale: Sale, monkeypatch: pytest.MonkeyPatch, later: int
) -> None:
    line = sale.order.items[0]
    own = order_items.c.pk == line.pk, order_items.c.user_pk == sale.order.user_pk
    change(sale, sa.update(order_items).where(*own).values(quantity=9))

    def write(_: float) -> None:
        change(sale, sa.update(order_items).where(*own).values(quantity=later or line.quantity))

    monkeypatch.setattr(comparing_copies, "sleep", write)

    assert found(sale) == {}


def test_equal_json_may_have_another_text(sale: Sale) -> None:
    texts = {order_items: '{"a":1,"b":[2]}', LINES.table: '{ "b": [2], "a": 1 }'}
    for table, text in texts.items():
        stored = sa.cast(sa.literal(text, sa.Text), sa.JSON)
        change(sale, sa.update(table).values(extra_field=stored))

    assert found(sale) == {}


def test_one_node_has_no_copies(database: Database, engines: Engines) -> None:
    if citus.COORDINATOR:
        assert database.differing_copies() == {}
    else:
        assert database.differing_copies() is None
