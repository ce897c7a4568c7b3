"""All statements of this process, and a database with a row in every table for them."""

import pkgutil
from collections.abc import Iterable, Iterator
from datetime import timedelta
from importlib import import_module
from itertools import chain, combinations
from types import ModuleType
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.sql.visitors import iterate

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
from persistence import idempotency
from persistence.accounts import sessions
from persistence.cancellations import requests as cancellation_requests
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders import old_orders, seller_copying
from persistence.orders import queries as order_queries
from persistence.seller_center import list_definitions
from persistence.seller_center import lists as seller_rows
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from persistence.seller_center.lists import ListDefinition, PageStart, QueryShape
from persistence.seller_center.tables import COPIES, ROWS
from persistence.sellers import tokens as seller_tokens
from persistence.sql import bulk, keys, prefetch, references, saving
from persistence.sql.aggregates import Aggregate, View, column_names
from persistence.sql.bulk import DoNothing
from persistence.sql.columns import OWNER, metadata
from persistence.sql.compiled_query import CompiledQuery, registered
from persistence.sql.distributed_tables import copied_metadata, distribution_column
from persistence.sql.load_plans import load_plan
from tests.support.builders import make_easy_return_company
from tests.support.complete_orders import complete_old_order, complete_order
from tests.support.distribution import parameters_of
from tests.support.documents import imported_old_order, imported_order
from tests.support.stored import store_reason


def fill_every_table(database: Database, engines: Engines, shopper: User) -> None:
    """Store a row in every table."""
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


def _modules() -> list[ModuleType]:
    prefix = f"{persistence.__name__}."
    return [
        import_module(module.name)
        for module in pkgutil.walk_packages(persistence.__path__, prefix)
        # Alembic runs these.
        if "migrations" not in module.name
    ]


def _aggregates() -> list[Aggregate[Any]]:
    values = (value for module in _modules() for value in vars(module).values())
    return list({id(value): value for value in values if isinstance(value, Aggregate)}.values())


def ours(queries: Iterable[CompiledQuery]) -> list[CompiledQuery]:
    """Leave out statements of other tables: those of tests."""
    tables = {*metadata.tables.values(), *copied_metadata.tables.values()}
    return [query for query in queries if tables_of(query) <= tables]


def every_statement(
    dialect: str, tables: Iterable[sa.Table], *, is_distributed: bool = False
) -> list[CompiledQuery]:
    """Return all statements of modules, and those that cached functions make.

    ``tables`` are those that INSERT statements are returned for. Statements of tests, which use
    other tables, are among them. Of sellers' lists, loads and INSERT statements these are those of
    one node, or those of a distributed database.
    """
    _modules()
    made = list(
        chain(
            _of_shoppers(),
            _of_sellers(is_distributed=is_distributed),
            _of_copies() if is_distributed else (),
            _of_owners(is_distributed=is_distributed),
            _of_aggregates(dialect, is_distributed=is_distributed),
            _of_tables(dialect, tables, is_distributed=is_distributed),
        )
    )
    declared = [query for query in registered() if is_distributed or not reads_copies(query)]
    return list({id(query): query for query in (*declared, *made)}.values())


def filled_tables(engines: Engines) -> list[sa.Table]:
    """Return the tables that have rows."""
    with engines.writing.connect() as connection:
        return [
            table
            for table in metadata.sorted_tables
            if connection.execute(sa.select(table).limit(1)).first() is not None
        ]


def is_only_for_postgresql(query: CompiledQuery) -> bool:
    """Whether SQLite has no such statement: JSON of rows as a parameter, or of an aggregate."""
    statement: Any = query.statement
    binds = (element for element in iterate(statement) if isinstance(element, sa.BindParameter))
    columns = [column.key for column in statement.exported_columns]
    return columns == ["aggregate"] or any(bind.key == "rows" for bind in binds)


def is_only_for_citus(query: CompiledQuery) -> bool:
    """Whether one node of PostgreSQL has no such statement: its keys may be other ones."""
    return query.name.startswith("sql.bulk.insert_values(postgresql")


def is_only_for_one_node(query: CompiledQuery) -> bool:
    """Whether a distributed database runs no such statement.

    It loads roots without their user, skips locked rows of several nodes, or reads sellers' lists
    from the rows by user.
    """
    if query.name.startswith("load."):
        return OWNER not in parameters_of(query.statement)
    if query.name.startswith("expired_rows.batch("):
        return any(distribution_column(table) is not None for table in tables_of(query))
    return "seller_center." in query.name and not reads_copies(query)


def reads_copies(query: CompiledQuery) -> bool:
    """Whether only a distributed database has the tables of a statement."""
    return bool(tables_of(query) & {*copied_metadata.tables.values()})


def tables_of(query: CompiledQuery) -> set[Any]:
    """Return the tables of a statement."""
    statement: Any = query.statement
    if isinstance(statement, sa.UpdateBase):
        return {statement.table}
    return {element for element in iterate(statement) if isinstance(element, sa.TableClause)}


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
    for others in _subsets(["newest_only", "pk"]):
        names = ("user_pk", *others)
        yield order_queries._addresses(names)  # noqa: SLF001
        yield order_queries._lock_by_items(names)  # noqa: SLF001
        yield order_queries._of_item(names)  # noqa: SLF001


def _listings(*, is_distributed: bool) -> list[ListDefinition[Any]]:
    return [
        listing.of_copies if is_distributed else listing.of_rows
        for listing in LIST_DEFINITIONS.values()
    ]


def _of_copies() -> Iterator[CompiledQuery]:
    yield seller_copying._wanted_rows()  # noqa: SLF001
    yield seller_copying._stored_rows()  # noqa: SLF001
    yield seller_copying._sellers_of()  # noqa: SLF001
    yield seller_copying._raise_version()  # noqa: SLF001


def _of_sellers(*, is_distributed: bool) -> Iterator[CompiledQuery]:
    yield list_definitions._lines_of_plans(COPIES if is_distributed else ROWS)  # noqa: SLF001
    for listing in _listings(is_distributed=is_distributed):
        yield listing._completed  # noqa: SLF001
        for path, field in listing._fields.items():
            for operator in field.operators:
                shape = QueryShape(((path, operator),), Sort(None), PageStart.PAGE)
                yield seller_rows._page_query(listing, shape)  # noqa: SLF001
            if field.sorting is not None:
                for start in PageStart:
                    shape = QueryShape((), Sort(path), start)
                    yield seller_rows._page_query(listing, shape)  # noqa: SLF001


def _of_owners(*, is_distributed: bool) -> Iterator[CompiledQuery]:
    """Yield look-ups of owners, alone and with prefetched rows."""
    shopper, seller = sessions._OWNER, seller_tokens._HOLDER  # noqa: SLF001
    yield from (owner._owner_only for owner in (shopper, seller))  # noqa: SLF001
    yield shopper._known_only  # noqa: SLF001
    of_shoppers = [
        order_queries._OWN,  # noqa: SLF001
        old_orders._OWN,  # noqa: SLF001
        order_queries._page(("user_pk", "search")),  # noqa: SLF001
        old_orders._page(("user_pk", "currency"), OldOrderSort(OldOrderField.AMOUNT)),  # noqa: SLF001
    ]
    for query in of_shoppers:
        yield prefetch._together(shopper, query)  # noqa: SLF001
        yield prefetch._together(shopper, query, True)  # noqa: SLF001
    # A distributed database looks up a token first.
    for listing in [] if is_distributed else _listings(is_distributed=False):
        for start in (PageStart.PAGE, PageStart.TOP):
            query = seller_rows._page_query(listing, QueryShape((), Sort("created_at"), start))  # noqa: SLF001
            yield prefetch._together(seller, query)  # noqa: SLF001


def _of_aggregates(dialect: str, *, is_distributed: bool) -> Iterator[CompiledQuery]:
    for aggregate in _aggregates():
        for view in View:
            plan = load_plan(aggregate, view)
            if dialect == "postgresql":
                yield plan.as_json_of_owner
            if not is_distributed:
                yield plan.as_json
                yield from (block.by_owners for block in plan.blocks)
                yield plan.blocks[0].by_owners_of_user
        for parts in aggregate.all_parts:
            names = [name for name in column_names(parts.table) if name not in ("pk", "version")]
            is_versioned = "version" in parts.table.c
            yield saving._update_of(parts.table, tuple(names), is_versioned)  # noqa: SLF001
            if is_versioned:
                yield saving._raise_of(parts.table)  # noqa: SLF001


def _of_tables(
    dialect: str, tables: Iterable[sa.Table], *, is_distributed: bool
) -> Iterator[CompiledQuery]:
    yield idempotency._claim(dialect)  # noqa: SLF001
    for table in tables:
        names = tuple(str(column.name) for column in table.c)
        for on_conflict in (None, DoNothing()):
            if dialect == "postgresql" and not is_distributed:
                yield bulk._insert_json(table, names, on_conflict)  # noqa: SLF001
            else:
                yield bulk._insert_values(dialect, table, names, on_conflict)  # noqa: SLF001
        if "pk" in table.c and not is_distributed:
            yield keys._highest(table)  # noqa: SLF001
        if "content_hash" in table.c:
            yield references._by_hash(table)  # noqa: SLF001


def _subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
