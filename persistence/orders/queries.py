"""Queries of orders."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache, partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.accounts.callers import Caller
from domain.accounts.users import UserType
from domain.orders.orders import Order, OrderOwner, OrderQuery
from domain.shared.paging import DocumentPage, PageRequest
from persistence.accounts.users import users
from persistence.documents.cache import Documents
from persistence.documents.queries import DocumentQueries
from persistence.documents.tables import DocumentKind
from persistence.engine.nodes import is_distributed
from persistence.orders.aggregate import ORDER
from persistence.orders.cancellation_plans import cancellation_plans
from persistence.orders.cancellations import SAME_LINE, cancellation_requests
from persistence.orders.numbers import order_numbers
from persistence.orders.order_items import order_items
from persistence.orders.orders import order_documents, orders
from persistence.orders.seller_copies import LINES
from persistence.sql.aggregates import View
from persistence.sql.columns import BigId
from persistence.sql.compiled_query import CompiledQuery, Row
from persistence.sql.contains import contains
from persistence.sql.in_list import in_param
from persistence.sql.statements import PAGE_LIMIT, PAGE_OFFSET, active_filters, first
from persistence.sql.work import Work

ORDER_DOCUMENTS = DocumentKind(documents=order_documents, owner="order_pk", aggregate=ORDER)

_LATEST_FIRST = (orders.c.created_date.desc(), orders.c.pk.desc())


def is_newest_of(user_pk: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether an order is the user's newest, the only one that a guest with a session may see."""
    newest = sa.select(orders.c.pk).where(orders.c.user_pk == user_pk)
    newest = newest.order_by(*_LATEST_FIRST).limit(1)
    return orders.c.pk == newest.correlate(None).scalar_subquery()


_USER_PK = sa.bindparam("user_pk", type_=BigId)
_USERS = orders.c.user_pk == _USER_PK
_LINES_OF_USER = order_items.c.user_pk == _USER_PK
_OWNERS = {
    "user_pk": _USERS,
    "newest_only": is_newest_of(_USER_PK),
    "pk": orders.c.pk == sa.bindparam("pk"),
}
_USER_ORDERS = sa.select(orders.c.pk, orders.c.version).where(_USERS)
_OWN = CompiledQuery(_USER_ORDERS.where(_OWNERS["pk"]))
_HIGHEST = CompiledQuery(_USER_ORDERS.order_by(orders.c.pk.desc()).limit(1))
_LATEST = CompiledQuery(_USER_ORDERS.order_by(*_LATEST_FIRST).limit(1))
_NO_ORDER = (0, 0)
_BY_NUMBER = CompiledQuery(
    sa.select(order_numbers.c.order_pk, order_numbers.c.user_pk).where(
        order_numbers.c.number == sa.bindparam("number"), order_numbers.c.is_old.is_(sa.false())
    )
)
_OWNER = CompiledQuery(
    sa.select(orders.c.pk, orders.c.user_pk, users.c.user_type, orders.c.user_email)
    .join_from(orders, users)
    .where(_OWNERS["pk"], _USERS)
)
_CONDITIONS = {
    "user_pk": _USERS,
    "search": contains(orders.c.number, sa.bindparam("search", type_=sa.Text)),
    "created_from": orders.c.created_date >= sa.bindparam("created_from"),
    "created_to": orders.c.created_date <= sa.bindparam("created_to"),
    "newest_only": _OWNERS["newest_only"],
}


@cache
def _counted(names: tuple[str, ...]) -> CompiledQuery:
    return CompiledQuery(_count(names))


@cache
def _page(names: tuple[str, ...]) -> CompiledQuery:
    """Select the rows of one page, with the number of all rows in the last column."""
    count = _count(names).correlate(None).scalar_subquery()
    chosen = sa.select(orders.c.pk, orders.c.version, count)
    chosen = chosen.where(*(_CONDITIONS[name] for name in names))
    return CompiledQuery(chosen.order_by(*_LATEST_FIRST).limit(PAGE_LIMIT).offset(PAGE_OFFSET))


def _count(names: tuple[str, ...]) -> sa.Select[int]:
    counted = sa.select(sa.func.count()).select_from(orders)
    return counted.where(*(_CONDITIONS[name] for name in names))


# The order of a line, a request or a plan, and its user: for callers who are not the user.
_ITEM_PKS = in_param(order_items.c.pk, "item_pks")
_LINES = sa.select(order_items.c.order_pk, order_items.c.user_pk)
_FIND_BY_ITEMS = CompiledQuery(_LINES.where(_ITEM_PKS).distinct())
_FIND_BY_SELLER = CompiledQuery(
    _LINES.where(
        order_items.c.uuid == sa.bindparam("item_uuid"),
        order_items.c.seller_pk == sa.bindparam("seller_pk"),
    )
)
# A distributed database finds it on the seller's node.
_COPIED_LINES = LINES.table.c
_FIND_BY_COPY = CompiledQuery(
    sa.select(_COPIED_LINES.order_pk, _COPIED_LINES.user_pk).where(
        _COPIED_LINES.uuid == sa.bindparam("item_uuid"),
        _COPIED_LINES.seller_pk == sa.bindparam("seller_pk"),
    )
)
_FIND_BY_REQUEST = CompiledQuery(
    _LINES.join(cancellation_requests, SAME_LINE).where(
        cancellation_requests.c.pk == sa.bindparam("request_pk")
    )
)
_FIND_BY_PLAN = CompiledQuery(
    sa.select(cancellation_plans.c.order_pk, cancellation_plans.c.user_pk).where(
        cancellation_plans.c.pk == sa.bindparam("plan_pk")
    )
)
_BY_ITEMS = orders.c.pk.in_(sa.select(order_items.c.order_pk).where(_ITEM_PKS, _LINES_OF_USER))


def _locking(*conditions: sa.ColumnElement[bool]) -> sa.Select[int]:
    """Lock a user's orders and then their lines, both by ascending pk; return each line's order.

    Rows that only reference an order can still be written.
    """
    rows = sa.select(orders.c.pk).where(_USERS, *conditions)
    locked = rows.order_by(orders.c.pk).with_for_update(key_share=True).cte("locked")
    lines = sa.select(order_items.c.order_pk).where(
        order_items.c.order_pk.in_(sa.select(locked.c.pk)), _LINES_OF_USER
    )
    return lines.order_by(order_items.c.pk).with_for_update(key_share=True)


_LOCK = CompiledQuery(_locking(_OWNERS["pk"]))


@cache
def _lock_by_items(names: tuple[str, ...]) -> CompiledQuery:
    # The caller may have been looked up before an erasure.
    present = orders.c.erased_date.is_(None)
    return CompiledQuery(_locking(_BY_ITEMS, *(_OWNERS[name] for name in names), present))


@cache
def _of_item(names: tuple[str, ...]) -> CompiledQuery:
    conditions = (_OWNERS[name] for name in names)
    return CompiledQuery(sa.select(orders.c.pk).where(_BY_ITEMS, *conditions))


@cache
def _addresses(names: tuple[str, ...]) -> CompiledQuery:
    columns = (orders.c.shipping_address_pk, orders.c.billing_address_pk)
    owned = [_OWNERS[name] for name in names]
    return CompiledQuery(
        sa.union(
            *(
                sa.select(column).where(in_param(column, "address_pks"), *owned)
                for column in columns
            )
        )
    )


def _own(caller: Caller) -> dict[str, int]:
    """Return the values of the conditions in ``_OWNERS`` that restrict orders to the caller's."""
    own = {"user_pk": caller.user_pk}
    if caller.has_newest_only:
        own["newest_only"] = True
    return own if caller.order_pk is None else own | {"pk": caller.order_pk}


class SqlOrders:
    """Implements ``domain.orders.orders.Orders``."""

    def __init__(self, work: Work, documents: Documents) -> None:
        self._work = work
        self._shown = DocumentQueries(work, documents)

    def add(self, order: Order) -> None:
        self._work.add(ORDER, order)
        self._work.flush()

    def get(self, pk: int) -> Order | None:
        return first(self._work.load(ORDER, [pk], View.SHOWN))

    def lock_by_items(self, item_pks: Collection[int], caller: Caller | None) -> list[Order]:
        if caller is None:
            return self._lock_found(_FIND_BY_ITEMS, {"item_pks": list(item_pks)})
        own = _own(caller)
        values = {"item_pks": list(item_pks), **own}
        pks = {pk for (pk,) in _lock_by_items(tuple(own)).rows(self._work, values)}
        return self._work.load(ORDER, sorted(pks), user_pk=caller.user_pk)

    def lock_by_request(self, request_pk: int) -> Order | None:
        return first(self._lock_found(_FIND_BY_REQUEST, {"request_pk": request_pk}))

    def lock_by_seller(self, item_uuid: UUID, seller_pk: int) -> Order | None:
        values = {"item_uuid": item_uuid, "seller_pk": seller_pk}
        has_copies = is_distributed(self._work.connection)
        return first(self._lock_found(_FIND_BY_COPY if has_copies else _FIND_BY_SELLER, values))

    def lock_by_plan(self, plan_pk: int) -> Order | None:
        return first(self._lock_found(_FIND_BY_PLAN, {"plan_pk": plan_pk}))

    def by_request(self, request_pk: int) -> Order | None:
        return first(self._load_found(_FIND_BY_REQUEST, {"request_pk": request_pk}))

    def by_item(self, item_pk: int, caller: Caller | None) -> Order | None:
        if caller is None:
            return first(self._load_found(_FIND_BY_ITEMS, {"item_pks": [item_pk]}))
        own = _own(caller)
        rows = _of_item(tuple(own)).rows(self._work, {"item_pks": [item_pk], **own})
        pks = [pk for (pk,) in rows]
        return first(self._work.load(ORDER, pks, user_pk=caller.user_pk))

    def owner(self, number: str) -> OrderOwner | None:
        # Always two statements, so that timing does not reveal whether a number exists.
        found = first(_BY_NUMBER.rows(self._work, {"number": number})) or _NO_ORDER
        row = first(_OWNER.rows(self._work, dict(zip(("pk", "user_pk"), found, strict=True))))
        if row is None:
            return None
        pk, user_pk, user_type, user_email = row
        return OrderOwner(pk, user_pk, user_type is UserType.GUEST, user_email)

    def address_pks(self, pks: Collection[int], caller: Caller) -> set[int]:
        own = _own(caller)
        rows = _addresses(tuple(own)).rows(self._work, {"address_pks": list(pks), **own})
        return {pk for (pk,) in rows}

    def _lock_found(self, query: CompiledQuery, values: Mapping[str, Any]) -> list[Order]:
        """Lock the orders that ``query`` finds, and their lines, by ascending pk; load them."""
        rows = sorted(query.rows(self._work, values))
        locked = [
            (pk, user_pk)
            for pk, user_pk in rows
            if _LOCK.rows(self._work, {"pk": pk, "user_pk": user_pk})
        ]
        return self._load_rows(locked)

    def _load_found(self, query: CompiledQuery, values: Mapping[str, Any]) -> list[Order]:
        return self._load_rows(sorted(query.rows(self._work, values)))

    def _load_rows(self, rows: Iterable[Row]) -> list[Order]:
        """Load orders of any users, which are found by pk and user."""
        return [
            order for pk, user_pk in rows for order in self._work.load(ORDER, [pk], user_pk=user_pk)
        ]

    def page(self, query: OrderQuery, page: PageRequest, language: str) -> DocumentPage:
        values = active_filters(query)
        names = tuple(values)
        counted = partial(_counted, names)
        return self._shown.page(_page(names), values, page, language, counted)

    def document(self, user_pk: int, pk: int, language: str) -> bytes | None:
        return self._shown.first(_OWN, language, user_pk=user_pk, pk=pk)

    def newest_document(self, user_pk: int, language: str) -> bytes | None:
        return self._shown.first(_HIGHEST, language, user_pk=user_pk)

    def latest_document(self, user_pk: int, language: str) -> bytes | None:
        return self._shown.first(_LATEST, language, user_pk=user_pk)
