"""Each statement gives the same result by the driver and by SQLAlchemy."""

import pkgutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from itertools import chain, combinations
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.sql.visitors import iterate, replacement_traverse

import persistence
from domain.accounts.one_time_tokens import OneTimeToken, Purpose
from domain.accounts.sessions import open_session
from domain.accounts.users import User
from domain.audit import Subject, record_change
from domain.cancellations.return_carriers import ReturnCarrier
from domain.orders.old_orders import OldOrderField, OldOrderQuery, OldOrderSort
from domain.outbox import OutboxEvent, OutboxKind
from domain.seller_center.lists import Sort
from domain.sellers.callers import Scope
from domain.sellers.tokens import create_seller_token
from domain.shared.paging import PageRequest
from persistence import idempotency, sql
from persistence.accounts import sessions
from persistence.cancellations import requests as cancellation_requests
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders import old_orders
from persistence.orders import queries as order_queries
from persistence.seller_center import lists as seller_rows
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from persistence.seller_center.lists import PageStart, QueryShape
from persistence.sellers import tokens as seller_tokens
from persistence.sql import bulk, keys, prefetch, references, saving, standby_work
from persistence.sql.aggregates import Aggregate, View, column_names
from persistence.sql.bulk import DoNothing
from persistence.sql.columns import metadata
from persistence.sql.compiled_query import CompiledQuery, registered
from persistence.sql.load_plans import load_plan
from tests.support.bound_values import as_json, bound_values, stored_rows
from tests.support.builders import make_easy_return_company
from tests.support.complete_orders import complete_old_order, complete_order
from tests.support.documents import imported_old_order, imported_order
from tests.support.stored import store_reason

PREFIX = "given_"
NOT_COMPARED: dict[int, str] = {
    id(keys._NEXT): "a sequence gives each number once; test_keys.py has it",  # noqa: SLF001
    id(standby_work._AFTER_CHANGES): "the numbers of transactions; test_standbys.py has it",  # noqa: SLF001
}
ONLY_POSTGRESQL: dict[int, str] = {
    id(query): "SQLite has one writer, and waits as long as its connection says"
    for query in (idempotency._SET_TIMEOUT, idempotency._RESET_TIMEOUT)  # noqa: SLF001
}
"""The statements that are not compared, with reasons; those of tests use other tables."""


def _modules() -> list[ModuleType]:
    return [
        import_module(f"{package.__name__}.{module.name}")
        for package in (persistence, sql)
        for module in pkgutil.iter_modules(package.__path__)
        if not module.ispkg
    ]


def _aggregates() -> list[Aggregate[Any]]:
    values = (value for module in _modules() for value in vars(module).values())
    return list({id(value): value for value in values if isinstance(value, Aggregate)}.values())


def _every_statement(engines: Engines) -> list[CompiledQuery]:
    """Return all statements of modules, and those that cached functions make."""
    _modules()
    made = list(
        chain(
            _of_shoppers(),
            _of_sellers(),
            _of_owners(),
            _of_aggregates(engines),
            _of_tables(engines),
        )
    )
    return list({id(query): query for query in (*registered(), *made)}.values())


def _of_shoppers() -> Iterator[CompiledQuery]:
    for names in _subsets(["search", "created_from", "created_to", "newest_only"]):
        conditions = ("user_pk", *names)
        yield order_queries._counted(conditions)  # noqa: SLF001
        yield order_queries._page(conditions)  # noqa: SLF001
    for names in _subsets(["currency", "search"]):
        conditions = ("user_pk", *names)
        yield old_orders._counted(conditions)  # noqa: SLF001
        for field in OldOrderField:
            for descending in (True, False):
                sort = OldOrderSort(field, descending=descending)
                yield old_orders._page(conditions, sort)  # noqa: SLF001
    for names in _subsets(["status", "user_pk", "order_pk"]):
        yield cancellation_requests._counted(names)  # noqa: SLF001
        yield cancellation_requests._page(names)  # noqa: SLF001
    for names in _subsets(["user_pk", "newest_only", "pk"]):
        yield order_queries._addresses(names)  # noqa: SLF001
        yield order_queries._lock_by_items(tuple(names))  # noqa: SLF001
        yield order_queries._of_item(tuple(names))  # noqa: SLF001


def _of_sellers() -> Iterator[CompiledQuery]:
    for listing in LIST_DEFINITIONS.values():
        yield listing._completed  # noqa: SLF001
        for path, field in listing._fields.items():
            for operator in field.operators:
                shape = QueryShape(((path, operator),), Sort(None), PageStart.PAGE)
                yield seller_rows._page_query(listing, shape)  # noqa: SLF001
            if field.sorting is not None:
                for start in PageStart:
                    shape = QueryShape((), Sort(path), start)
                    yield seller_rows._page_query(listing, shape)  # noqa: SLF001


def _of_owners() -> Iterator[CompiledQuery]:
    """Yield look-ups of owners, alone and with prefetched rows."""
    shopper, seller = sessions._OWNER, seller_tokens._HOLDER  # noqa: SLF001
    yield from (owner._owner_only for owner in (shopper, seller))  # noqa: SLF001
    of_shoppers = [
        order_queries._OWN,  # noqa: SLF001
        old_orders._OWN,  # noqa: SLF001
        order_queries._page(("user_pk", "search")),  # noqa: SLF001
        old_orders._page(("user_pk", "currency"), OldOrderSort(OldOrderField.AMOUNT)),  # noqa: SLF001
    ]
    yield from (prefetch._together(shopper, query) for query in of_shoppers)  # noqa: SLF001
    for listing in LIST_DEFINITIONS.values():
        for start in (PageStart.PAGE, PageStart.TOP):
            query = seller_rows._page_query(listing, QueryShape((), Sort("created_at"), start))  # noqa: SLF001
            yield prefetch._together(seller, query)  # noqa: SLF001


def _of_aggregates(engines: Engines) -> Iterator[CompiledQuery]:
    for aggregate in _aggregates():
        for view in View:
            plan = load_plan(aggregate, view)
            if engines.writing.dialect.name == "postgresql":
                yield plan.as_json
            yield from (block.by_owners for block in plan.blocks)
        for parts in aggregate.all_parts:
            names = [name for name in column_names(parts.table) if name not in ("pk", "version")]
            is_versioned = "version" in parts.table.c
            yield saving._update_of(parts.table, tuple(names), is_versioned)  # noqa: SLF001
            if is_versioned:
                yield saving._raise_of(parts.table)  # noqa: SLF001


def _of_tables(engines: Engines) -> Iterator[CompiledQuery]:
    """Yield the statements of each table that has rows."""
    dialect = engines.writing.dialect.name
    yield idempotency._claim(dialect)  # noqa: SLF001
    for table in metadata.sorted_tables:
        with engines.writing.connect() as connection:
            if connection.execute(sa.select(table).limit(1)).first() is None:
                continue
        yield bulk._insert(dialect, table, tuple(column_names(table)), None)  # noqa: SLF001
        yield bulk._insert(dialect, table, tuple(column_names(table)), DoNothing())  # noqa: SLF001
        if "pk" in table.c:
            yield keys._highest(table)  # noqa: SLF001
        if "content_hash" in table.c:
            yield references._by_hash(table)  # noqa: SLF001


def _subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


@pytest.fixture
def filled(database: Database, engines: Engines, shopper: User) -> None:
    """A database with a row in every table."""
    reason = store_reason(engines)
    order = complete_order(shopper.pk, reason.pk)
    with database.writing() as uow:
        uow.orders.add(order)
        uow.old_orders.add(complete_old_order(shopper.pk))
        open_session(shopper, timedelta(days=1), uow)
        create_seller_token("of-the-order", "stock", list(Scope), timedelta(days=9), uow)
        uow.outbox.add(
            OutboxEvent(
                kind=OutboxKind.PASSWORD_CHANGED,
                payload={"email": shopper.email},
                created_date=uow.now,
                due_date=uow.now,
            )
        )
        record_change(Subject.USER, shopper.uuid, (None, "active"), "operator:ayse", uow)
        uow.idempotency_keys.claim(shopper.email, "key", b"f" * 32, uow.now)
        uow.one_time_tokens.add(
            OneTimeToken(
                uuid=uuid4(),
                purpose=Purpose.PASSWORD_RESET,
                user_pk=shopper.pk,
                created_date=uow.now,
                expires_date=uow.now + timedelta(days=1),
            )
        )
        uow.return_carriers.add(
            ReturnCarrier(
                company=make_easy_return_company(), created_date=uow.now, modified_date=uow.now
            )
        )
        uow.commit()
    with database.importing("import:ayse") as imports:
        imports.store_orders([imported_order()])
        imports.store_old_orders([imported_old_order()])
        imports.commit()
    with database.reading() as uow:
        uow.orders.document(shopper.pk, order.pk, "en-us")
        uow.old_orders.page(OldOrderQuery(user_pk=shopper.pk), PageRequest(), "en-us")


class Comparison:
    """Runs one statement by the driver and by SQLAlchemy, and rolls it back."""

    def __init__(self, connection: sa.Connection, query: CompiledQuery) -> None:
        self.connection = connection
        self.query = query
        self.statement: Any = query.statement
        self.is_postgresql = connection.dialect.name == "postgresql"
        self.by_driver = self._answer(self._run_by_driver)
        self.by_sqlalchemy = self._answer(self._run_by_sqlalchemy)

    def _answer(self, run: Callable[[Any], Any]) -> Any:
        with self.connection.begin() as transaction:
            values = self._values()
            answer = _with_types(run(values)), self._left()
            transaction.rollback()
        return answer

    def _values(self) -> Any:
        """Return stored values; before a plain INSERT, delete the rows that would conflict."""
        if not isinstance(self.statement, sa.Insert) or self.statement.exported_columns:
            return bound_values(self.connection, self.statement)
        table: Any = self.statement.table
        rows = stored_rows(self.connection, self.statement)
        assert rows, f"nothing is stored in {table}"
        if self.statement._post_values_clause is None:  # noqa: SLF001
            self.connection.exec_driver_sql(
                "SET LOCAL session_replication_role = replica"
                if self.is_postgresql
                else "PRAGMA defer_foreign_keys = ON"
            )
            self.connection.execute(sa.delete(table))
        return {"rows": as_json(table, rows)} if self.is_postgresql else rows

    def _run_by_driver(self, values: Any) -> Any:
        compiled = self.query.compiled(self.connection.dialect)
        if compiled.returns_rows:
            return compiled.rows(self.connection, values)
        if isinstance(values, list):
            return compiled.change_many(self.connection, values)
        return compiled.change(self.connection, values)

    def _run_by_sqlalchemy(self, values: Any) -> Any:
        options = {"preserve_rowcount": True}
        statement = self.statement
        if isinstance(statement, sa.Update | sa.Delete):
            # SQLAlchemy uses the names of columns for the parameters of new values.
            statement = replacement_traverse(statement, {}, _with_prefix)
            values = {f"{PREFIX}{name}": value for name, value in values.items()}
        result = self.connection.execute(statement, values, execution_options=options)
        return list(map(tuple, result)) if result.returns_rows else result.rowcount

    def _left(self) -> Any:
        """Return the rows of the table after a change."""
        if not isinstance(self.statement, sa.UpdateBase):
            return None
        is_insert = isinstance(self.statement, sa.Insert)
        # Each INSERT without pks gets new ones from the sequence.
        columns = [c for c in self.statement.table.c if not (is_insert and c.name == "pk")]
        rows = self.connection.execute(sa.select(*columns))
        return _with_types(list(map(tuple, rows)))


def _with_prefix(element: Any, **_: Any) -> Any:
    if isinstance(element, sa.BindParameter) and element.required:
        return sa.bindparam(f"{PREFIX}{element.key}", type_=element.type)
    return None


def _with_types(answer: Any) -> Any:
    if not isinstance(answer, list):
        return answer
    return sorted(repr([(type(value), value) for value in row]) for row in answer)


@pytest.mark.usefixtures("filled")
def test_all_give_what_sqlalchemy_gives(engines: Engines) -> None:
    ours = set(metadata.tables.values())
    is_sqlite = engines.writing.dialect.name == "sqlite"
    left_out = NOT_COMPARED | (ONLY_POSTGRESQL if is_sqlite else {})
    queries = [
        query
        for query in _every_statement(engines)
        if id(query) not in left_out and _tables(query) <= ours
    ]
    with engines.writing.connect() as connection:
        compared = [Comparison(connection, query) for query in queries]

    differing = [
        comparison for comparison in compared if comparison.by_driver != comparison.by_sqlalchemy
    ]
    assert [
        (str(comparison.statement), comparison.by_driver, comparison.by_sqlalchemy)
        for comparison in differing
    ] == []
    # Most comparisons must have rows.
    with_rows = [comparison for comparison in compared if comparison.by_driver[0]]
    assert len(with_rows) > 0.75 * len(compared) > 500


def _tables(query: CompiledQuery) -> set[Any]:
    statement: Any = query.statement
    if isinstance(statement, sa.UpdateBase):
        return {statement.table}
    return {element for element in iterate(statement) if isinstance(element, sa.TableClause)}
