from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa

from persistence.accounts.users import users
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.old_orders import old_orders
from persistence.orders.sellers import sellers
from persistence.sql.columns import metadata
from persistence.sql.keys import next_pks
from persistence.sql.work import Work
from tests.conftest import KIND
from tests.support.builders import make_seller

NUMBERED = [table for table in metadata.sorted_tables if "pk" in table.c]


@pytest.fixture
def work(engines: Engines) -> Iterator[Work]:
    with closing(Work(engines.writing)) as work:
        yield work


def insert_seller(work: Work, **values: Any) -> int:
    """Insert a row as the database numbers it; return its pk."""
    seller = make_seller()
    row = {"uuid": seller.uuid, "slug": seller.slug, "name": seller.name, "is_active": True}
    pk: int = work.scalar(sa.insert(sellers).values(row | values).returning(sellers.c.pk))
    return pk


@pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no sequences")
def test_keys_come_from_the_sequences_of_the_columns(work: Work) -> None:
    owned = {
        table.name: work.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "pk")))
        for table in NUMBERED
    }
    assert owned == {name: f"public.{name}_pk_seq" for name in owned}
    assert len(owned) > 20


@pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no sequences")
def test_keys_are_in_the_order_of_the_tables(work: Work) -> None:
    before = {table: insert_pk(work, table) for table in (sellers, users)}

    pks = next_pks(work, [sellers, users, sellers, sellers])

    after = [before[sellers] + 1, before[users] + 1, before[sellers] + 2, before[sellers] + 3]
    assert pks == after


def insert_pk(work: Work, table: sa.Table) -> int:
    pk: int = work.scalar(sa.select(sa.func.nextval(f"{table.name}_pk_seq")))
    return pk


@pytest.mark.skipif(KIND == "postgres", reason="PostgreSQL's sequences know no rows")
@pytest.mark.parametrize("highest", [None, 1, 7, 2**40])
def test_keys_are_those_that_sqlite_would_choose(work: Work, highest: int | None) -> None:
    if highest is not None:
        insert_seller(work, pk=highest)

    pks = next_pks(work, [sellers, old_orders, sellers])

    inserted = [insert_seller(work), insert_seller(work)]
    assert [pks[0], pks[2]] == inserted
    assert pks[1] == 1


def test_keys_are_not_used_by_later_rows(work: Work, database: Database) -> None:
    [pk] = next_pks(work, [sellers])
    insert_seller(work, pk=pk)

    assert insert_seller(work) > pk


def test_no_tables_need_no_keys(work: Work) -> None:
    assert next_pks(work, []) == []
