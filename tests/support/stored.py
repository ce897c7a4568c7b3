"""Stores rows for tests, and reads them like services."""

import json
from contextlib import closing
from typing import Any

import psycopg
import sqlalchemy as sa

from domain.accounts.callers import Caller
from domain.accounts.users import User
from domain.orders.cancellations import CancellationReason
from domain.orders.orders import Order, OrderFilters, list_user_orders
from domain.shared.paging import PageRequest
from persistence.cancellations.reasons import SqlCancellationReasons
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.aggregate import ORDER
from persistence.orders.orders import orders
from persistence.sql.aggregates import View
from persistence.sql.compiled_query import observe
from persistence.sql.work import Work
from tests.support.builders import make_old_order, make_order, make_reason, make_user


def store_user(database: Database, **overrides: Any) -> User:
    user = make_user(**overrides)
    with database.writing() as uow:
        uow.users.add(user)
        uow.commit()
    return user


def store_order(database: Database, **overrides: Any) -> Order:
    order = make_order(**overrides)
    with database.writing() as uow:
        uow.orders.add(order)
        uow.commit()
    return order


def store_old_order(database: Database, **overrides: Any) -> int:
    old_order = make_old_order(**overrides)
    with database.writing() as uow:
        uow.old_orders.add(old_order)
        uow.commit()
    return old_order.pk


def store_reason(engines: Engines) -> CancellationReason:
    reason = make_reason()
    with closing(Work(engines.writing)) as work:
        SqlCancellationReasons(work).add(reason)
        work.commit()
    return reason


def written_of_loaded(engines: Engines) -> list[str]:
    """Load all orders in both views; return the statements that a flush then writes."""
    written: list[str] = []
    with closing(Work(engines.writing)) as work:
        pks = work.scalars(sa.select(orders.c.pk)).all()
        for view in View:
            assert len(work.load(ORDER, pks, view)) == len(pks)
            end = observe(lambda execution: written.append(execution.sql))
            work.flush()
            end()
    return written


def change_notes(database: Database, pk: int, notes: str) -> None:
    with database.writing() as uow:
        order = uow.orders.get(pk)
        assert order is not None
        order.notes = notes
        uow.commit()


def listed(database: Database, user_pk: int, **filters: Any) -> list[dict[str, Any]]:
    """Return the documents of the first page of the user's orders."""
    caller = Caller(user_pk, is_guest=filters.pop("is_guest", False))
    with database.reading() as uow:
        page = list_user_orders(caller, OrderFilters(**filters), PageRequest(), "en-us", uow)
    return [json.loads(document) for document in page.documents]


def index_definitions(engines: Engines, table: sa.Table) -> list[str]:
    """Return the indexes of ``table`` as SQL: SQLAlchemy can not reflect expressions on SQLite."""
    if engines.autocommit.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name"
    else:
        query = "SELECT indexdef FROM pg_indexes WHERE tablename = :name"
    with engines.autocommit.connect() as connection:
        definitions = connection.scalars(sa.text(query), {"name": table.name})
        return sorted(
            " ".join(definition.split()) for definition in definitions if definition is not None
        )


def plan_of(engines: Engines, statement: str, values: Any) -> str:
    """Return the query plan of ``statement`` for large tables."""
    with engines.writing.connect() as connection:
        if connection.dialect.name == "sqlite":
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))
            return "\n".join(step.detail for step in steps)
        # With few rows these would be cheaper, for any statistics.
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        driver: Any = connection.connection.driver_connection
        # Compiled queries have PostgreSQL's own placeholders, which take a list.
        cursor = psycopg.RawCursor(driver) if isinstance(values, list) else driver.cursor()
        return "\n".join(step for (step,) in cursor.execute(f"EXPLAIN {statement}", values))
