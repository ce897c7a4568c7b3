"""The lists of sellers: their columns, and filters beyond the columns of their tables."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.orders.states import OrderState
from domain.seller_center.cancellation_plans import SellerCancellationPlanView
from domain.seller_center.customer_addresses import SellerCustomerAddressView
from domain.seller_center.order_items import SellerOrderItemView
from domain.seller_center.orders import SellerOrderView
from domain.shared.filters import Operator
from persistence.orders.addresses import addresses, locations
from persistence.orders.cancellation_plans import cancellation_plan_items, cancellation_plans
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.products import products
from persistence.orders.seller_counts import seller_order_counts
from persistence.orders.seller_projection import seller_orders
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
from persistence.seller_center.lists import Counts, ListDefinition, columns_of
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.distributed_tables import on_same_node
from persistence.sql.in_list import in_param
from persistence.sql.work import Work

_CURRENCY = seller_orders.c.currency
_PLACES = {name: locations.alias(name) for name in ("country", "city", "township", "district")}
_SHIPPING_ADDRESS, _BILLING_ADDRESS = addresses.alias("shipping"), addresses.alias("billing")


def _complete_orders(_work: Work, _seller_pk: int, rows: list[dict[str, Any]]) -> None:
    for values in rows:
        values["extra_field"] = values["extra_field"] or {}


def _complete_items(work: Work, seller_pk: int, rows: list[dict[str, Any]]) -> None:
    _complete_orders(work, seller_pk, rows)
    for values in rows:
        values["status"] = OrderState(values["status"]).seller_code
        day = values["estimated_delivery_date"]
        values["estimated_delivery_date"] = day and datetime.combine(day, time.min, UTC)


def _complete_plans(work: Work, seller_pk: int, views: list[dict[str, Any]]) -> None:
    """Add the lines of the plans that belong to the seller."""
    parameters = {"uuids": [values["id"] for values in views], "seller_pk": seller_pk}
    rows = _LINES_OF_PLANS.rows(work, parameters)
    lines: dict[UUID, dict[UUID, None]] = defaultdict(dict)
    for plan, line in rows:
        lines[plan][line] = None
    for values in views:
        values["order_items"] = tuple(lines[values["id"]])


def _is_sole() -> sa.ColumnElement[bool]:
    """Whether all lines of the order are this seller's."""
    lines = order_items.alias()
    others = lines.c.seller_pk.is_distinct_from(seller_orders.c.seller_pk)
    of_others = sa.exists().where(
        lines.c.order_pk == seller_orders.c.order_pk, on_same_node(lines, seller_orders), others
    )
    return ~of_others.correlate(seller_orders)


_PLANNED_LINES = cancellation_plan_items.join(
    cancellation_requests,
    sa.and_(
        cancellation_requests.c.pk == cancellation_plan_items.c.request_pk,
        on_same_node(cancellation_requests, cancellation_plan_items),
    ),
).join(
    order_items,
    sa.and_(
        order_items.c.pk == cancellation_requests.c.order_item_pk,
        on_same_node(order_items, cancellation_requests),
    ),
)


def _sum(amount: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return an amount of a plan, the sum over its requests."""
    total = sa.func.coalesce(sa.func.sum(amount), 0)
    return (
        sa.select(sa.cast(total, sa.BigInteger))
        .where(
            cancellation_plan_items.c.plan_pk == cancellation_plans.c.pk,
            on_same_node(cancellation_plan_items, cancellation_plans),
        )
        .correlate(cancellation_plans)
        .scalar_subquery()
    )


def _amounts(table: sa.Table, *names: str) -> dict[str, Field]:
    return {
        name: money(table.c[name], _CURRENCY, is_nullable=bool(table.c[name].nullable))
        for name in names
    }


_PLANNED = cancellation_plan_items.c
_PLAN_AMOUNTS = {
    "shipping_refund_amount": _sum(_PLANNED.own_shipping_refund_amount),
    # Without the shared shipping fee, which is refunded with the last cancelled line.
    "refund_amount": _sum(
        _PLANNED.refund_amount
        - _PLANNED.shipping_refund_amount
        + _PLANNED.own_shipping_refund_amount
    ),
    "discount_refund_amount": _sum(_PLANNED.discount_refund_amount),
}


def _has_line(_: Operator, name: str) -> sa.ColumnElement[bool]:
    """Whether a plan has the seller's line with a UUID."""
    lines = sa.select(cancellation_plan_items.c.plan_pk).select_from(_PLANNED_LINES)
    own = order_items.c.seller_pk == cancellation_plans.c.seller_pk
    lines = lines.where(
        order_items.c.uuid == sa.bindparam(parameter(name)),
        own,
        on_same_node(order_items, cancellation_plans),
    ).correlate(cancellation_plans)
    return cancellation_plans.c.pk.in_(lines)


def _with_their_orders(table: sa.Table) -> sa.FromClause:
    """Join ``table`` with the seller's orders."""
    same_order = seller_orders.c.order_pk == table.c.order_pk
    same_seller = seller_orders.c.seller_pk == table.c.seller_pk
    same_node = on_same_node(seller_orders, table)
    return table.join(seller_orders, sa.and_(same_order, same_seller, same_node))


def _of_order(table: sa.Table, source: sa.FromClause | None = None) -> sa.FromClause:
    """Join ``table`` (in ``source``) with the orders.

    The order's version changes with anything shown of a row, and with its owner.
    """
    same_order = sa.and_(orders.c.pk == table.c.order_pk, on_same_node(orders, table))
    return (table if source is None else source).join(orders, same_order)


def _with_address(
    source: sa.FromClause, address: sa.FromClause, key: sa.Column[Any]
) -> sa.FromClause:
    """Join ``source`` with the address that a seller's order references by ``key``."""
    same_address = sa.and_(address.c.pk == key, on_same_node(address, seller_orders))
    return source.join(address, same_address)


SELLER_ORDERS = ListDefinition(
    view=SellerOrderView,
    table=seller_orders,
    source=seller_orders,
    is_owned_by=lambda seller_pk: seller_orders.c.seller_pk == seller_pk,
    fields={
        "status": status_code(seller_orders.c.status),
        "created_at": date_time(seller_orders.c.date_placed),
        **_amounts(
            seller_orders,
            *("amount", "discount_amount", "shipping_amount"),
            *("refund_amount", "discount_refund_amount", "shipping_refund_amount"),
        ),
    },
    versioned=_of_order(seller_orders),
    parent_pk=orders.c.pk,
    version=orders.c.version,
    shown_from=_with_address(
        _with_address(
            _of_order(seller_orders).join(sellers, sellers.c.pk == seller_orders.c.seller_pk),
            _SHIPPING_ADDRESS,
            seller_orders.c.shipping_address_pk,
        ),
        _BILLING_ADDRESS,
        seller_orders.c.billing_address_pk,
    ).outerjoin(shipping_companies, shipping_companies.c.pk == seller_orders.c.shipping_company_pk),
    shown=columns_of(
        SellerOrderView,
        seller_orders,
        id=seller_orders.c.uuid,
        datasource=sellers.c.uuid,
        shipping_address=_SHIPPING_ADDRESS.c.uuid,
        billing_address=_BILLING_ADDRESS.c.uuid,
        shipping_tax_rate=orders.c.shipping_tax_rate,
        shipping_company=shipping_companies.c.value,
        cargo_company=shipping_companies.c.label,
        **{
            name: orders.c[name]
            for name in ("gift_box_note", "language_code", "notes", "delivery_range")
        },
        shipping_option_slug=orders.c.shipping_option_slug,
        extra_field=sa.case((_is_sole(), orders.c.extra_field)),
        # Interest on instalments is a part of the whole order, not of shipping.
        shipping_interest_amount=sa.literal(0),
        created_at=seller_orders.c.date_placed,
    ),
    complete=_complete_orders,
    counts=Counts(
        rows=seller_order_counts.c.orders,
        fields={"status": status_code(seller_order_counts.c.status)},
    ),
)
_LINES_OF_PLANS = CompiledQuery(
    sa.select(cancellation_plans.c.uuid, order_items.c.uuid)
    .select_from(
        _PLANNED_LINES.join(
            cancellation_plans,
            sa.and_(
                cancellation_plans.c.pk == cancellation_plan_items.c.plan_pk,
                on_same_node(cancellation_plans, cancellation_plan_items),
            ),
        )
    )
    .where(
        in_param(cancellation_plans.c.uuid, "uuids"),
        order_items.c.seller_pk == sa.bindparam("seller_pk"),
    )
    .order_by(cancellation_plan_items.c.pk)
)

_LINES = _with_their_orders(order_items)

SELLER_ORDER_ITEMS = ListDefinition(
    view=SellerOrderItemView,
    table=order_items,
    source=_LINES,
    is_owned_by=lambda seller_pk: order_items.c.seller_pk == seller_pk,
    fields={
        "status": state_code(order_items.c.state),
        "price_currency": member(_CURRENCY),
        "order": exact(seller_orders.c.uuid),
        "order__number": text(seller_orders.c.number, seller_orders.c.number_folded),
        "order__status": status_code(seller_orders.c.status),
        "order__date_placed": date_time(seller_orders.c.date_placed),
        "created_at": date_time(order_items.c.created_date),
        "updated_at": date_time(order_items.c.modified_date),
        **_amounts(order_items, "price", "retail_price", "discount_amount"),
    },
    versioned=_of_order(order_items),
    parent_pk=orders.c.pk,
    version=orders.c.version,
    shown_from=_of_order(order_items, _LINES)
    .join(sellers, sellers.c.pk == order_items.c.seller_pk)
    .join(products, products.c.pk == order_items.c.product_pk)
    .outerjoin(shipping_companies, shipping_companies.c.pk == order_items.c.shipping_company_pk),
    shown=columns_of(
        SellerOrderItemView,
        order_items,
        id=order_items.c.uuid,
        order=seller_orders.c.uuid,
        datasource=sellers.c.uuid,
        sku=products.c.sku,
        status=order_items.c.state,
        price_currency=_CURRENCY,
        shipping_company=shipping_companies.c.value,
        created_at=order_items.c.created_date,
        updated_at=order_items.c.modified_date,
    ),
    complete=_complete_items,
)

_PLANS = _with_their_orders(cancellation_plans)

SELLER_CANCELLATION_PLANS = ListDefinition(
    view=SellerCancellationPlanView,
    table=cancellation_plans,
    source=_PLANS,
    is_owned_by=lambda seller_pk: cancellation_plans.c.seller_pk == seller_pk,
    fields={
        "created_at": date_time(cancellation_plans.c.created_date),
        "updated_at": date_time(cancellation_plans.c.modified_date),
        "order": exact(seller_orders.c.uuid),
        "order__number": text(seller_orders.c.number, seller_orders.c.number_folded),
        "order_items": Field(frozenset({Operator.EXACT}), _has_line, pass_through),
        **{name: money(total, _CURRENCY) for name, total in _PLAN_AMOUNTS.items()},
    },
    versioned=_of_order(cancellation_plans),
    parent_pk=orders.c.pk,
    version=orders.c.version,
    shown_from=_of_order(cancellation_plans, _PLANS),
    shown=columns_of(
        SellerCancellationPlanView,
        cancellation_plans,
        id=cancellation_plans.c.uuid,
        order=seller_orders.c.uuid,
        order_items=sa.null(),
        currency=_CURRENCY,
        created_at=cancellation_plans.c.created_date,
        updated_at=cancellation_plans.c.modified_date,
        **_PLAN_AMOUNTS,
    ),
    complete=_complete_plans,
    # The join leaves out plans of sellers without a line of the order.
    can_skip_join=False,
)


def _of_orders(seller_pk: sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    named = (
        sa.select(column).where(seller_orders.c.seller_pk == seller_pk)
        for column in (seller_orders.c.shipping_address_pk, seller_orders.c.billing_address_pk)
    )
    return addresses.c.pk.in_(sa.union(*named))


def _with_places() -> sa.FromClause:
    joined: sa.FromClause = addresses
    for name, place in _PLACES.items():
        joined = joined.outerjoin(place, place.c.pk == addresses.c[f"{name}_pk"])
    return joined


SELLER_CUSTOMER_ADDRESSES = ListDefinition(
    view=SellerCustomerAddressView,
    table=addresses,
    source=_with_places(),
    is_owned_by=_of_orders,
    fields={
        "id": exact(addresses.c.uuid),
        **{name: exact(place.c.uuid) for name, place in _PLACES.items()},
    },
    # An address is a snapshot and never changes; after a failover its pk may be used again.
    versioned=addresses,
    parent_pk=addresses.c.pk,
    version=addresses.c.uuid,
    shown_from=_with_places(),
    shown=columns_of(
        SellerCustomerAddressView,
        addresses,
        id=addresses.c.uuid,
        **{name: place.c.uuid for name, place in _PLACES.items()},
    ),
)

LIST_DEFINITIONS: Mapping[str, ListDefinition[Any]] = {
    "seller_orders": SELLER_ORDERS,
    "seller_order_items": SELLER_ORDER_ITEMS,
    "seller_cancellation_plans": SELLER_CANCELLATION_PLANS,
    "seller_customer_addresses": SELLER_CUSTOMER_ADDRESSES,
}
"""By the name of the store in the unit of work."""
