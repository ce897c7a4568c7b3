"""The queries of orders."""

from collections.abc import Collection, Mapping
from functools import cache, partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.accounts.callers import Caller
from domain.accounts.users import UserType
from domain.orders.orders import Order, OrderOwner, OrderQuery
from domain.shared.paging import DocumentPage, PageRequest
from persistence.accounts.users import users
from persistence.documents.cache import DocumentKind, Documents
from persistence.documents.queries import DocumentQueries
from persistence.orders.aggregate import ORDER
from persistence.orders.cancellation_plans import cancellation_plans
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.order_items import order_items
from persistence.orders.orders import order_documents, orders
from persistence.sql.aggregates import View
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.contains import contains
from persistence.sql.in_list import among_given
from persistence.sql.statements import PAGE_LIMIT, PAGE_OFFSET, first, given
from persistence.sql.work import Work

ORDER_DOCUMENTS = DocumentKind(documents=order_documents, owner="order_pk", aggregate=ORDER)

_LATEST_FIRST = (orders.c.created_date.desc(), orders.c.pk.desc())


def is_newest_of(user_pk: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """The condition for an order to be the one that a guest with a session has."""
    newest = sa.select(orders.c.pk).where(orders.c.user_pk == user_pk)
    newest = newest.order_by(*_LATEST_FIRST).limit(1)
    return orders.c.pk == newest.correlate(None).scalar_subquery()


_USERS = orders.c.user_pk == sa.bindparam("user_pk")
_OWNERS = {
    "user_pk": _USERS,
    "newest_only": is_newest_of(sa.bindparam("user_pk")),
    "pk": orders.c.pk == sa.bindparam("pk"),
}
_FOUND = sa.select(orders.c.pk, orders.c.version).where(_USERS)
_OWN = CompiledQuery(_FOUND.where(_OWNERS["pk"]))
_HIGHEST = CompiledQuery(_FOUND.order_by(orders.c.pk.desc()).limit(1))
_LATEST = CompiledQuery(_FOUND.order_by(*_LATEST_FIRST).limit(1))
# A row comes in any case, so that a number that is there takes no longer than one that is not.
_ASKED = sa.select(sa.bindparam("number", type_=sa.String).label("number")).subquery()
_OWNER = CompiledQuery(
    sa.select(orders.c.pk, orders.c.user_pk, orders.c.user_email, users.c.user_type)
    .select_from(_ASKED)
    .outerjoin(orders, orders.c.number == _ASKED.c.number)
    .outerjoin(users, users.c.pk == orders.c.user_pk)
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
    """Ask for the rows of one page, each with the number of all rows beside it."""
    count = _count(names).correlate(None).scalar_subquery()
    chosen = sa.select(orders.c.pk, orders.c.version, count)
    chosen = chosen.where(*(_CONDITIONS[name] for name in names))
    return CompiledQuery(chosen.order_by(*_LATEST_FIRST).limit(PAGE_LIMIT).offset(PAGE_OFFSET))


def _count(names: tuple[str, ...]) -> sa.Select[int]:
    counted = sa.select(sa.func.count()).select_from(orders)
    return counted.where(*(_CONDITIONS[name] for name in names))


# Which order's a line, a request or a plan is.
_REQUESTED = sa.select(cancellation_requests.c.order_item_pk).where(
    cancellation_requests.c.pk == sa.bindparam("request_pk")
)
_BY_REQUEST = sa.select(order_items.c.order_pk).where(
    order_items.c.pk == _REQUESTED.scalar_subquery()
)
_BY_ITEMS = sa.select(order_items.c.order_pk).where(among_given(order_items.c.pk, "item_pks"))
_BY_SELLER = sa.select(order_items.c.order_pk).where(
    order_items.c.uuid == sa.bindparam("item_uuid"),
    order_items.c.seller_pk == sa.bindparam("seller_pk"),
)
_BY_PLAN = sa.select(cancellation_plans.c.order_pk).where(
    cancellation_plans.c.pk == sa.bindparam("plan_pk")
)
_OF_REQUEST = CompiledQuery(sa.select(orders.c.pk).where(orders.c.pk.in_(_BY_REQUEST)))


def _locking(chosen: sa.Select[int], *conditions: sa.ColumnElement[bool]) -> CompiledQuery:
    """Lock orders and then their lines, both by ascending pk, and return each line's order.

    Rows that only name an order can still be written.
    """
    rows = sa.select(orders.c.pk).where(orders.c.pk.in_(chosen), *conditions)
    locked = rows.order_by(orders.c.pk).with_for_update(key_share=True).cte("locked")
    lines = sa.select(order_items.c.order_pk).where(
        order_items.c.order_pk.in_(sa.select(locked.c.pk))
    )
    return CompiledQuery(lines.order_by(order_items.c.pk).with_for_update(key_share=True))


@cache
def _lock_by_items(names: tuple[str, ...]) -> CompiledQuery:
    # The session of a person whose data is erased may have been looked at before that.
    present = [orders.c.erased_date.is_(None)] if names else []
    return _locking(_BY_ITEMS, *(_OWNERS[name] for name in names), *present)


@cache
def _of_item(names: tuple[str, ...]) -> CompiledQuery:
    conditions = (_OWNERS[name] for name in names)
    return CompiledQuery(sa.select(orders.c.pk).where(orders.c.pk.in_(_BY_ITEMS), *conditions))


@cache
def _addresses(names: tuple[str, ...]) -> CompiledQuery:
    columns = (orders.c.shipping_address_pk, orders.c.billing_address_pk)
    owned = [_OWNERS[name] for name in names]
    return CompiledQuery(
        sa.union(
            *(sa.select(each).where(among_given(each, "address_pks"), *owned) for each in columns)
        )
    )


def _own(caller: Caller) -> dict[str, int]:
    """The conditions for an order to be the caller's, as ``_OWNERS`` has them."""
    own = {"user_pk": caller.user_pk}
    if caller.has_newest_only:
        own["newest_only"] = True
    return own if caller.order_pk is None else own | {"pk": caller.order_pk}


_LOCK_BY_REQUEST = _locking(_BY_REQUEST)
_LOCK_BY_SELLER = _locking(_BY_SELLER)
_LOCK_BY_PLAN = _locking(_BY_PLAN)


class SqlOrders:
    """The stored orders, as ``domain.orders.orders.Orders`` asks of them."""

    def __init__(self, work: Work, documents: Documents) -> None:
        self._work = work
        self._shown = DocumentQueries(work, documents)

    def add(self, order: Order) -> None:
        self._work.add(ORDER, order)
        self._work.flush()

    def get(self, pk: int) -> Order | None:
        return first(self._work.load(ORDER, [pk], View.SHOWN))

    def lock_by_items(self, item_pks: Collection[int], caller: Caller | None) -> list[Order]:
        own = _own(caller) if caller else {}
        return self._lock(_lock_by_items(tuple(own)), {"item_pks": list(item_pks), **own})

    def lock_by_request(self, request_pk: int) -> Order | None:
        return first(self._lock(_LOCK_BY_REQUEST, {"request_pk": request_pk}))

    def lock_by_seller(self, item_uuid: UUID, seller_pk: int) -> Order | None:
        values = {"item_uuid": item_uuid, "seller_pk": seller_pk}
        return first(self._lock(_LOCK_BY_SELLER, values))

    def lock_by_plan(self, plan_pk: int) -> Order | None:
        return first(self._lock(_LOCK_BY_PLAN, {"plan_pk": plan_pk}))

    def by_request(self, request_pk: int) -> Order | None:
        found = _OF_REQUEST.rows(self._work, {"request_pk": request_pk})
        return first(self._work.load(ORDER, [pk for (pk,) in found]))

    def by_item(self, item_pk: int, caller: Caller | None) -> Order | None:
        own = _own(caller) if caller else {}
        found = _of_item(tuple(own)).rows(self._work, {"item_pks": [item_pk], **own})
        return first(self._work.load(ORDER, [pk for (pk,) in found]))

    def owner(self, number: str) -> OrderOwner | None:
        [(pk, user_pk, user_email, user_type)] = _OWNER.rows(self._work, {"number": number})
        if pk is None:
            return None
        return OrderOwner(pk, user_pk, user_type is UserType.GUEST, user_email)

    def address_pks(self, pks: Collection[int], caller: Caller) -> set[int]:
        own = _own(caller)
        found = _addresses(tuple(own)).rows(self._work, {"address_pks": list(pks), **own})
        return {pk for (pk,) in found}

    def _lock(self, chosen: CompiledQuery, values: Mapping[str, Any]) -> list[Order]:
        """Lock orders and their lines, and load what is there now, by ascending pk."""
        pks = {pk for (pk,) in chosen.rows(self._work, values)}
        return self._work.load(ORDER, sorted(pks))

    def page(self, query: OrderQuery, page: PageRequest, language: str) -> DocumentPage:
        values = given(query)
        names = tuple(values)
        counted = partial(_counted, names)
        return self._shown.page(_page(names), values, page, language, counted)

    def document(self, user_pk: int, pk: int, language: str) -> bytes | None:
        return self._shown.first(_OWN, language, user_pk=user_pk, pk=pk)

    def newest_document(self, user_pk: int, language: str) -> bytes | None:
        return self._shown.first(_HIGHEST, language, user_pk=user_pk)

    def latest_document(self, user_pk: int, language: str) -> bytes | None:
        return self._shown.first(_LATEST, language, user_pk=user_pk)
