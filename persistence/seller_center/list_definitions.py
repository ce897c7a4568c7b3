"""The lists of sellers: their columns, and filters beyond the columns of their tables.

Each is declared once, for the tables that it reads: rows of orders, or copies of them.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from functools import cache, partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.orders.states import OrderState
from domain.seller_center.cancellation_plans import SellerCancellationPlanView
from domain.seller_center.customer_addresses import SellerCustomerAddressView
from domain.seller_center.order_items import SellerOrderItemView
from domain.seller_center.orders import SellerOrderView
from domain.shared.filters import Operator
from persistence.orders.addresses import locations
from persistence.orders.products import products
from persistence.orders.seller_counts import seller_order_counts
from persistence.orders.seller_orders import AMOUNTS
from persistence.orders.sellers import sellers
from persistence.orders.shipping import shipping_companies
from persistence.seller_center.conditions import (
    Field,
    date_time,
    exact,
    member,
    money,
    parameter,
    pass_through,
    state_code,
    status_code,
    text,
)
from persistence.seller_center.lists import Counts, ListDefinition, SellerList, columns_of
from persistence.seller_center.tables import COPIES, ROWS, SellerTables, on_its_node
from persistence.sql.columns import BigId
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.distributed_tables import on_same_node
from persistence.sql.in_list import in_param
from persistence.sql.work import Work

_COUNTS = Counts(
    rows=seller_order_counts.c.orders,
    fields={"status": status_code(seller_order_counts.c.status)},
)
_PLACES = {name: locations.alias(name) for name in ("country", "city", "township", "district")}


def _complete_orders(_work: Work, _seller_pk: int, rows: list[dict[str, Any]]) -> None:
    for values in rows:
        values["extra_field"] = values["extra_field"] or {}


def _complete_items(work: Work, seller_pk: int, rows: list[dict[str, Any]]) -> None:
    _complete_orders(work, seller_pk, rows)
    for values in rows:
        values["status"] = OrderState(values["status"]).seller_code
        day = values["estimated_delivery_date"]
        values["estimated_delivery_date"] = day and datetime.combine(day, time.min, UTC)


def _complete_plans(
    tables: SellerTables, work: Work, seller_pk: int, views: list[dict[str, Any]]
) -> None:
    """Add the lines of the plans that belong to the seller."""
    parameters = {"uuids": [values["id"] for values in views], "seller_pk": seller_pk}
    rows = _lines_of_plans(tables).rows(work, parameters)
    lines: dict[UUID, dict[UUID, None]] = defaultdict(dict)
    for plan, line in rows:
        lines[plan][line] = None
    for values in views:
        values["order_items"] = tuple(lines[values["id"]])


@cache
def _lines_of_plans(tables: SellerTables) -> CompiledQuery:
    plans, planned = tables.cancellation_plans, tables.cancellation_plan_items
    of_plan = sa.and_(plans.c.pk == planned.c.plan_pk, on_same_node(plans, planned))
    lines = sa.select(plans.c.uuid, tables.order_items.c.uuid)
    lines = lines.select_from(tables.planned_lines.join(plans, of_plan)).where(
        in_param(plans.c.uuid, "uuids"),
        tables.order_items.c.seller_pk == sa.bindparam("seller_pk", type_=BigId),
    )
    name = f"seller_center.list_definitions.lines_of_plans({plans.name})"
    return CompiledQuery(lines.order_by(planned.c.pk), name)


def _sum(tables: SellerTables, amount: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return an amount of a plan, the sum over its requests."""
    plans, planned = tables.cancellation_plans, tables.cancellation_plan_items
    total = sa.func.coalesce(sa.func.sum(amount), 0)
    return (
        sa.select(sa.cast(total, sa.BigInteger))
        .where(planned.c.plan_pk == plans.c.pk, on_same_node(planned, plans), *on_its_node(planned))
        .correlate(plans)
        .scalar_subquery()
    )


def _amounts(tables: SellerTables, table: sa.Table, *names: str) -> dict[str, Field]:
    currency = tables.seller_orders.c.currency
    return {
        name: money(table.c[name], currency, is_nullable=bool(table.c[name].nullable))
        for name in names
    }


def _plan_amounts(tables: SellerTables) -> dict[str, sa.ColumnElement[int]]:
    planned = tables.cancellation_plan_items.c
    return {
        "shipping_refund_amount": _sum(tables, planned.own_shipping_refund_amount),
        # Without the shared shipping fee, which is refunded with the last cancelled line.
        "refund_amount": _sum(
            tables,
            planned.refund_amount
            - planned.shipping_refund_amount
            + planned.own_shipping_refund_amount,
        ),
        "discount_refund_amount": _sum(tables, planned.discount_refund_amount),
    }


def _has_line(tables: SellerTables, _: Operator, name: str) -> sa.ColumnElement[bool]:
    """Whether a plan has the seller's line with a UUID."""
    plans, items = tables.cancellation_plans, tables.order_items
    lines = sa.select(tables.cancellation_plan_items.c.plan_pk).select_from(tables.planned_lines)
    lines = lines.where(
        items.c.uuid == sa.bindparam(parameter(name)),
        items.c.seller_pk == plans.c.seller_pk,
        on_same_node(items, plans),
        *on_its_node(items),
    ).correlate(plans)
    return plans.c.pk.in_(lines)


def _with_seller_and_company(rows: sa.Table, source: sa.FromClause) -> sa.FromClause:
    """Join ``source``, which has ``rows``, with their sellers and shipping companies."""
    is_seller = sellers.c.pk == rows.c.seller_pk
    is_company = shipping_companies.c.pk == rows.c.shipping_company_pk
    return source.join(sellers, is_seller).outerjoin(shipping_companies, is_company)


def _seller_orders(tables: SellerTables) -> ListDefinition[SellerOrderView]:
    rows, order = tables.seller_orders, tables.order
    shipping, billing = tables.addresses.alias("shipping"), tables.addresses.alias("billing")
    shown_from = _with_seller_and_company(rows, tables.of_order(rows))
    shown_from = tables.with_address(shown_from, shipping, "shipping_address_pk")
    shown_from = tables.with_address(shown_from, billing, "billing_address_pk")
    return ListDefinition(
        view=SellerOrderView,
        table=rows,
        names=ROWS.seller_orders.c.keys(),
        source=rows,
        is_owned_by=lambda seller_pk: rows.c.seller_pk == seller_pk,
        fields={
            "status": status_code(rows.c.status),
            "created_at": date_time(rows.c.date_placed),
            **_amounts(tables, rows, *AMOUNTS),
        },
        versioned=tables.of_order(rows),
        parent_pk=order["pk"],
        version=order["version"],
        shown_from=shown_from,
        shown=columns_of(
            SellerOrderView,
            rows,
            id=rows.c.uuid,
            datasource=sellers.c.uuid,
            shipping_address=shipping.c.uuid,
            billing_address=billing.c.uuid,
            shipping_company=shipping_companies.c.value,
            cargo_company=shipping_companies.c.label,
            **order,
            # Interest on instalments is a part of the whole order, not of shipping.
            shipping_interest_amount=sa.literal(0),
            created_at=rows.c.date_placed,
        ),
        complete=_complete_orders,
        counts=_COUNTS,
    )


def _seller_order_items(tables: SellerTables) -> ListDefinition[SellerOrderItemView]:
    rows, of_seller, order = tables.order_items, tables.seller_orders, tables.order
    source = tables.with_their_orders(rows)
    shown_from = _with_seller_and_company(rows, tables.of_order(rows, source))
    return ListDefinition(
        view=SellerOrderItemView,
        table=rows,
        names=ROWS.order_items.c.keys(),
        source=source,
        is_owned_by=lambda seller_pk: rows.c.seller_pk == seller_pk,
        fields={
            "status": state_code(rows.c.state),
            "price_currency": member(of_seller.c.currency),
            "order": exact(of_seller.c.uuid),
            "order__number": text(of_seller.c.number, of_seller.c.number_folded),
            "order__status": status_code(of_seller.c.status),
            "order__date_placed": date_time(of_seller.c.date_placed),
            "created_at": date_time(rows.c.created_date),
            "updated_at": date_time(rows.c.modified_date),
            **_amounts(tables, rows, "price", "retail_price", "discount_amount"),
        },
        versioned=tables.of_order(rows),
        parent_pk=order["pk"],
        version=order["version"],
        shown_from=shown_from.join(products, products.c.pk == rows.c.product_pk),
        shown=columns_of(
            SellerOrderItemView,
            rows,
            id=rows.c.uuid,
            order=of_seller.c.uuid,
            datasource=sellers.c.uuid,
            sku=products.c.sku,
            status=rows.c.state,
            price_currency=of_seller.c.currency,
            shipping_company=shipping_companies.c.value,
            created_at=rows.c.created_date,
            updated_at=rows.c.modified_date,
        ),
        complete=_complete_items,
    )


def _seller_cancellation_plans(tables: SellerTables) -> ListDefinition[SellerCancellationPlanView]:
    rows, of_seller, order = tables.cancellation_plans, tables.seller_orders, tables.order
    source, amounts = tables.with_their_orders(rows), _plan_amounts(tables)
    has_line = Field(frozenset({Operator.EXACT}), partial(_has_line, tables), pass_through)
    return ListDefinition(
        view=SellerCancellationPlanView,
        table=rows,
        # Without the note, which is for operators.
        names=COPIES.cancellation_plans.c.keys(),
        source=source,
        is_owned_by=lambda seller_pk: rows.c.seller_pk == seller_pk,
        fields={
            "created_at": date_time(rows.c.created_date),
            "updated_at": date_time(rows.c.modified_date),
            "order": exact(of_seller.c.uuid),
            "order__number": text(of_seller.c.number, of_seller.c.number_folded),
            "order_items": has_line,
            **{name: money(total, of_seller.c.currency) for name, total in amounts.items()},
        },
        versioned=tables.of_order(rows),
        parent_pk=order["pk"],
        version=order["version"],
        shown_from=tables.of_order(rows, source),
        shown=columns_of(
            SellerCancellationPlanView,
            rows,
            id=rows.c.uuid,
            order=of_seller.c.uuid,
            order_items=sa.null(),
            currency=of_seller.c.currency,
            created_at=rows.c.created_date,
            updated_at=rows.c.modified_date,
            **amounts,
        ),
        complete=partial(_complete_plans, tables),
        # The join leaves out plans of sellers without a line of the order.
        can_skip_join=False,
    )


def _seller_customer_addresses(tables: SellerTables) -> ListDefinition[SellerCustomerAddressView]:
    rows = tables.addresses
    source: sa.FromClause = rows
    for name, place in _PLACES.items():
        source = source.outerjoin(place, place.c.pk == rows.c[f"{name}_pk"])
    return ListDefinition(
        view=SellerCustomerAddressView,
        table=rows,
        names=ROWS.addresses.c.keys(),
        source=source,
        is_owned_by=partial(_has_address, tables),
        fields={
            "id": exact(rows.c.uuid),
            **{name: exact(place.c.uuid) for name, place in _PLACES.items()},
        },
        # An address is a snapshot and never changes; after a failover its pk may be used again.
        versioned=rows,
        parent_pk=rows.c.pk,
        version=rows.c.uuid,
        shown_from=source,
        shown=columns_of(
            SellerCustomerAddressView,
            rows,
            id=rows.c.uuid,
            **{name: place.c.uuid for name, place in _PLACES.items()},
        ),
    )


def _has_address(tables: SellerTables, seller_pk: sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """Whether an order of the seller has the address."""
    rows, addresses = tables.seller_orders, tables.addresses
    named = (
        sa.select(column).where(rows.c.seller_pk == seller_pk)
        for column in (rows.c.shipping_address_pk, rows.c.billing_address_pk)
    )
    return sa.and_(addresses.c.pk.in_(sa.union(*named)), *on_its_node(addresses))


_DEFINITIONS: Mapping[str, Callable[[SellerTables], ListDefinition[Any]]] = {
    "seller_orders": _seller_orders,
    "seller_order_items": _seller_order_items,
    "seller_cancellation_plans": _seller_cancellation_plans,
    "seller_customer_addresses": _seller_customer_addresses,
}
LIST_DEFINITIONS: Mapping[str, SellerList[Any]] = {
    name: SellerList(define(ROWS), define(COPIES)) for name, define in _DEFINITIONS.items()
}
"""By the name of the store in the unit of work."""
