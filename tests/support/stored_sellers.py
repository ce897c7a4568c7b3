"""Stored sellers and their orders."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from domain.orders.orders import Order
from domain.seller_center.cancellation_plans import list_seller_cancellation_plans
from domain.seller_center.customer_addresses import list_seller_customer_addresses
from domain.seller_center.lists import SellerQuery
from domain.seller_center.order_items import list_seller_order_items
from domain.seller_center.orders import list_seller_orders
from domain.sellers.callers import Scope, SellerCaller
from domain.sellers.sellers import Seller
from domain.shared.filters import Condition
from domain.shared.paging import CursorPage, Page, PageRequest
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.seller_counts import SHARDS, seller_order_counts
from persistence.orders.seller_orders import seller_orders
from tests.support.builders import make_item, make_order, make_product, make_seller
from tests.support.fakes import view_of

Counts = dict[tuple[int, ...], int]

SERVICES: dict[str, Any] = {
    "seller_orders": list_seller_orders,
    "seller_order_items": list_seller_order_items,
    "seller_cancellation_plans": list_seller_cancellation_plans,
    "seller_customer_addresses": list_seller_customer_addresses,
}


def caller_of(seller: Seller) -> SellerCaller:
    return SellerCaller(seller.pk, 1, frozenset(Scope))


def sold(seller: Seller | None, line: int = 1, **overrides: Any) -> Any:
    product = make_product(sku=f"sku-{line}-{seller.slug if seller else 'shop'}")
    return make_item(**{"line": line, "seller": seller, "product": product} | overrides)


def store_sold(database: Database, user_pk: int, *orders: dict[str, Any]) -> list[Order]:
    """Store orders; a seller is stored with the first order that references it."""
    made = [make_order(**{"user_pk": user_pk} | order) for order in orders]
    with database.writing() as uow:
        for order in made:
            uow.orders.add(order)
        uow.commit()
    return made


def two_sellers() -> tuple[Seller, Seller]:
    return make_seller(), make_seller(name="Bakırcı Usta")


def stored_counts(engines: Engines) -> Counts:
    """Return the stored counts by seller, status and slot, without zeros."""
    rows = sa.select(seller_order_counts).where(seller_order_counts.c.orders != 0)
    with engines.autocommit.connect() as connection:
        return {tuple(key): orders for *key, orders in connection.execute(rows)}


def true_counts(engines: Engines) -> Counts:
    """Return the same, counted from the orders."""
    key = (seller_orders.c.seller_pk, seller_orders.c.status, seller_orders.c.order_pk % SHARDS)
    rows = sa.select(*key, sa.func.count()).group_by(*key)
    with engines.autocommit.connect() as connection:
        return {tuple(key): orders for *key, orders in connection.execute(rows)}


def listed(
    database: Database, resource: str, seller: Seller, *conditions: Condition, **query: Any
) -> list[Any]:
    """Return the entries of a page, by default all."""
    return list(list_page(database, resource, seller, conditions, **query).entries)


def list_page(
    database: Database,
    resource: str,
    seller: Seller,
    conditions: Sequence[Condition] = (),
    **query: Any,
) -> Page[Any] | CursorPage[Any]:
    if "cursor" not in query:
        query.setdefault("page", PageRequest(limit=500))
    with database.reading() as uow:
        seller_query = SellerQuery(conditions=tuple(conditions), **query)
        page = SERVICES[resource](caller_of(seller), seller_query, "en-us", uow)
    if isinstance(page, CursorPage):
        return CursorPage(list(map(view_of, page.entries)), page.next_cursor)
    views = list(map(view_of, page.documents))
    return Page(page.count, page.number, page.limit, views)
