"""Sellers' orders: a projection of orders, and its copies by seller."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any
from uuid import uuid5

import sqlalchemy as sa

from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.orders.seller_shares import CompletedRefunds, OrderTotals, Share, SplitLine, split_order
from persistence.orders.cancellation_plans import SAME_REQUEST, cancellation_plan_items
from persistence.orders.cancellations import SAME_LINE, cancellation_requests
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.seller_copying import remove_copies, sync_copies
from persistence.orders.seller_counts import (
    ADD_COUNTS,
    CountedOrder,
    count_changes,
    seller_order_counts,
)
from persistence.orders.seller_orders import AMOUNTS, seller_orders
from persistence.sql.aggregates import SavedRoot
from persistence.sql.bulk import Overwrite, Row, insert_rows
from persistence.sql.columns import OWNER, BigId
from persistence.sql.compiled_query import CompiledQuery, Connected
from persistence.sql.in_list import in_list, in_param
from persistence.sql.writes import Writes

_BATCH = 1000

_COPIED = (OWNER, "number", "currency", "has_gift_box", "shipping_address_pk", "billing_address_pk")
_DOCUMENT_FIELDS = (
    "invoice_number",
    "invoice_date",
    "e_archive_url",
    "tracking_number",
    "shipping_company_pk",
)
_TOTALS = ("shipping_amount", "refund_amount", "discount_refund_amount", "shipping_refund_amount")
_ORDERS = CompiledQuery(
    sa.select(
        *(orders.c[name] for name in ("pk", "uuid", "created_date", "modified_date")),
        *(orders.c[name] for name in (*_COPIED, *_DOCUMENT_FIELDS, *_TOTALS)),
    ).where(in_param(orders.c.pk, "order_pks"))
)
_LINES = CompiledQuery(
    sa.select(
        *(
            order_items.c[name]
            for name in (
                *("order_pk", "seller_pk", "state", "cancel_status", "quantity"),
                *("cancelled_quantity", "refunded_quantity", "price", "discount_amount"),
                *_DOCUMENT_FIELDS,
            )
        )
    )
    .where(in_param(order_items.c.order_pk, "order_pks"))
    .order_by(order_items.c.order_pk, order_items.c.line)
)
_DISCOUNT = cancellation_plan_items.c.discount_refund_amount
_GOODS = cancellation_plan_items.c.refund_amount - cancellation_plan_items.c.shipping_refund_amount
_COMPLETED_REFUNDS = CompiledQuery(
    sa.select(
        order_items.c.order_pk,
        order_items.c.seller_pk,
        sa.cast(sa.func.sum(_GOODS), BigId).label("goods"),
        sa.cast(sa.func.sum(_DISCOUNT), BigId).label("discount"),
    )
    .join_from(cancellation_plan_items, cancellation_requests, SAME_REQUEST)
    .join(order_items, SAME_LINE)
    .where(
        cancellation_requests.c.status == CancellationStatus.COMPLETED,
        in_param(order_items.c.order_pk, "order_pks"),
    )
    .group_by(order_items.c.order_pk, order_items.c.seller_pk)
)
_STORED = CompiledQuery(
    sa.select(
        *(seller_orders.c[name] for name in ("pk", "seller_pk", "status", "order_pk")),
    ).where(in_param(seller_orders.c.order_pk, "order_pks"))
)
_OVERWRITE = Overwrite(("order_pk", "seller_pk"), unchanged=("uuid",))

BySeller = dict[int, Row]
"""The rows of one order, by seller_pk."""


def sync_seller_orders(writes: Writes, saved: Sequence[SavedRoot]) -> None:
    """Update the rows of saved orders from their objects.

    Orders that were loaded without their plans are updated by ``rebuild_seller_orders``.
    """
    loaded = [order for order in saved if "cancellation_plans" in vars(order.root)]
    before = {order: {row["seller_pk"]: row for row in order.projected} for order in loaded}
    after = {order: _rows_of(order.root) for order in loaded}
    changed = []
    for order in loaded:
        changed += _differing(before[order], after[order])
        _remove(writes.work, order.root, before[order].keys() - after[order].keys())
        order.projected = [
            {**before[order].get(key, {}), **row} for key, row in after[order].items()
        ]
    writes.insert(seller_orders, changed, _OVERWRITE)
    counts = count_changes(before=_counted(before.values()), after=_counted(after.values()))
    writes.insert(seller_order_counts, counts, ADD_COUNTS)
    sync_copies(
        writes.work,
        {order.pk: order.root.user_pk for order in loaded if after[order]},
        ((order.pk, seller_pk) for order in loaded for seller_pk in before[order]),
    )
    others = sorted(order.pk for order in saved if order not in loaded)
    if others:
        writes.send()
        rebuild_seller_orders(writes.work, others)


def _rows_of(order: Order) -> BySeller:
    return {row["seller_pk"]: row for row in _rows(order, order.items, _completed_refunds(order))}


def _differing(before: BySeller, after: BySeller) -> list[Row]:
    return [
        row
        for seller_pk, row in after.items()
        if seller_pk not in before or not row.items() <= before[seller_pk].items()
    ]


def _remove(work: Connected, order: Order, seller_pks: Collection[int]) -> None:
    """Delete by seller: the pks of rows that this unit of work has inserted are not known."""
    if seller_pks:
        own = seller_orders.c.order_pk == order.pk, seller_orders.c[OWNER] == order.user_pk
        removed = in_list(seller_orders.c.seller_pk, seller_pks)
        work.execute(sa.delete(seller_orders).where(*own, removed))


def _completed_refunds(order: Order) -> dict[int | None, CompletedRefunds]:
    """Return the refunds of completed requests, by the seller of the line."""
    sellers_of = {
        request: item.seller
        for item in order.items
        for request in item.cancellation_requests
        if request.status is CancellationStatus.COMPLETED
    }
    refunds: dict[int | None, CompletedRefunds] = {}
    for plan in order.cancellation_plans:
        for planned in plan.items:
            if planned.request in sellers_of:
                seller = sellers_of[planned.request]
                seller_pk = None if seller is None else seller.pk
                so_far = refunds.get(seller_pk, CompletedRefunds(0, 0))
                refunds[seller_pk] = CompletedRefunds(
                    so_far.goods + planned.refund_amount - planned.shipping_refund_amount,
                    so_far.discount + planned.discount_refund_amount,
                )
    return refunds


def _counted(orders: Iterable[BySeller]) -> Iterator[CountedOrder]:
    for row in chain.from_iterable(rows.values() for rows in orders):
        yield row["seller_pk"], row["status"], row["order_pk"]


def rebuild_seller_orders(work: Connected, order_pks: Sequence[int]) -> None:
    """Update the rows of these orders from the stored orders.

    A row keeps its pk and UUID as long as its seller has a line of the order.
    """
    values = {"order_pks": order_pks}
    lines: dict[int, list[Any]] = defaultdict(list)
    for line in _LINES.named_rows(work, values):
        lines[line.order_pk].append(line)
    refunds: dict[int, dict[int | None, CompletedRefunds]] = defaultdict(dict)
    for order_pk, seller_pk, goods, discount in _COMPLETED_REFUNDS.rows(work, values):
        refunds[order_pk][seller_pk] = CompletedRefunds(goods, discount)
    found = _ORDERS.named_rows(work, values)
    rows = [row for order in found for row in _rows(order, lines[order.pk], refunds[order.pk])]
    stored = _STORED.named_rows(work, values)
    _remove_others(work, stored, {(row["order_pk"], row["seller_pk"]) for row in rows})
    insert_rows(work, seller_orders, rows, _OVERWRITE)
    counts = count_changes(
        before=((row.seller_pk, row.status, row.order_pk) for row in stored),
        after=((row["seller_pk"], row["status"], row["order_pk"]) for row in rows),
    )
    insert_rows(work, seller_order_counts, counts, ADD_COUNTS)
    owners = {order.pk: order.user_pk for order in found}
    sync_copies(work, owners, map(_order_and_seller, stored))


def remove_seller_orders(work: Connected, order_pks: Sequence[int]) -> None:
    """Delete the rows of these orders, which are locked, and count them no more."""
    stored = _STORED.named_rows(work, {"order_pks": order_pks})
    _remove_others(work, stored, set())
    counted = ((row.seller_pk, row.status, row.order_pk) for row in stored)
    insert_rows(work, seller_order_counts, count_changes(before=counted, after=()), ADD_COUNTS)
    remove_copies(work, map(_order_and_seller, stored))


def _order_and_seller(row: Any) -> tuple[int, int]:
    return row.order_pk, row.seller_pk


def fill_seller_orders(work: Connected) -> None:
    """Insert the rows of all orders, with their counts, if there are none."""
    if work.execute(sa.select(seller_orders.c.pk).limit(1)).first() is not None:
        return
    work.execute(sa.delete(seller_order_counts))
    sold = sa.select(order_items.c.order_pk).where(order_items.c.seller_pk.is_not(None)).distinct()
    last = 0
    while True:
        batch = sold.where(order_items.c.order_pk > last).order_by(order_items.c.order_pk)
        pks = work.execute(batch.limit(_BATCH)).scalars().all()
        if not pks:
            return
        rebuild_seller_orders(work, pks)
        last = pks[-1]


def _remove_others(work: Connected, stored: Sequence[Any], present: set[tuple[int, int]]) -> None:
    removed = [row.pk for row in stored if (row.order_pk, row.seller_pk) not in present]
    if removed:
        work.execute(sa.delete(seller_orders).where(seller_orders.c.pk.in_(removed)))


def _rows(
    order: Any, lines: Sequence[Any], refunds: dict[int | None, CompletedRefunds]
) -> Iterable[Row]:
    """Return the row of each seller of an order."""
    if all(line.seller_pk is None for line in lines):
        return
    totals = OrderTotals(*(getattr(order, name) for name in _TOTALS))
    shares = split_order(totals, [_split_line(line) for line in lines], refunds)
    for seller_pk, share in shares.items():
        if seller_pk is not None:
            own = [line for line in lines if line.seller_pk == seller_pk]
            # Fields of the order apply to a seller only if it has no other seller.
            sources = [order, *own] if len(shares) == 1 else own
            yield _row(order, seller_pk, share, sources)


def _row(order: Any, seller_pk: int, share: Share, sources: Sequence[Any]) -> Row:
    """``sources`` are the order or lines that may have the shipping and invoice fields."""
    return {
        # Always the same, and it does not reveal other sellers of the order.
        "uuid": uuid5(order.uuid, str(seller_pk)),
        "order_pk": order.pk,
        "seller_pk": seller_pk,
        **{name: getattr(order, name) for name in _COPIED},
        "number_folded": order.number.casefold(),
        **_amounts(share),
        **{name: _first(sources, name) for name in _DOCUMENT_FIELDS},
        "date_placed": order.created_date,
        "updated_at": order.modified_date,
    }


def _amounts(share: Share) -> Row:
    return {
        "status": share.state.seller_code,
        "cancel_status": share.cancel_status,
        **{name: getattr(share, name) for name in AMOUNTS},
    }


def _split_line(line: Any) -> SplitLine:
    return SplitLine(
        seller_pk=line.seller_pk,
        state=line.state,
        cancel_status=line.cancel_status,
        quantity=line.quantity,
        removed=line.cancelled_quantity + line.refunded_quantity,
        price=line.price,
        discount=line.discount_amount,
    )


def _first(rows: Iterable[Any], name: str) -> Any:
    return next((value for row in rows if (value := getattr(row, name)) is not None), None)
