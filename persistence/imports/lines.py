"""Storing the lines and the other parts of imported orders."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.imports.cancellations import ImportedEasyReturn
from domain.imports.orders import ImportedItem, ImportedOldOrder, ImportedOrder
from domain.imports.parts import Rejected
from domain.orders.cancellations import CancellationStatus
from persistence.imports.references import ImportedReferences
from persistence.orders.cancellations import (
    cancellation_request_images,
    cancellation_requests,
    easy_returns,
)
from persistence.orders.discounts import discount_items
from persistence.orders.loyalty import loyalty_transactions
from persistence.orders.old_orders import old_order_items
from persistence.orders.order_items import order_item_easy_return_companies, order_items
from persistence.sql.bulk import Overwrite, Row, insert_rows
from persistence.sql.in_list import in_list
from persistence.sql.work import Work


def store_lines(
    work: Work,
    batch: Sequence[ImportedOrder],
    pks: Mapping[str, int],
    references: ImportedReferences,
) -> None:
    """Store all parts of the orders; ``pks`` has the orders' pks by number.

    Raises Rejected if a cancellation request or a loyalty transaction has a UUID of another order.
    """
    lines = [(pks[order.number], item) for order in batch for item in order.items]
    rows = [references.line_row(item, order_pk) for order_pk, item in lines]
    insert_rows(work, order_items, rows, Overwrite(("order_pk", "line"), unchanged=("uuid",)))
    line_pks = _line_pks(work, pks.values())
    items_by_pk = [(line_pks[order_pk, item.values["line"]], item) for order_pk, item in lines]
    _replace(
        work,
        order_item_easy_return_companies.c.order_item_pk,
        [pk for pk, _ in items_by_pk],
        [row for pk, item in items_by_pk for row in references.return_company_rows(item, pk)],
    )
    _replace(
        work,
        discount_items.c.order_pk,
        pks.values(),
        [{"order_pk": pks[order.number], **row} for order in batch for row in order.discounts],
    )
    _store_loyalty(work, batch, pks, references)
    _store_requests(work, items_by_pk, references)


def store_old_lines(work: Work, batch: Sequence[ImportedOldOrder], pks: Mapping[str, int]) -> None:
    """Store the lines of the old orders; ``pks`` has the old orders' pks by number."""
    rows = [
        {"old_order_pk": pks[old_order.number], **item}
        for old_order in batch
        for item in old_order.items
    ]
    insert_rows(work, old_order_items, rows, Overwrite(("old_order_pk", "line")))


def _line_pks(work: Work, order_pks: Iterable[int]) -> dict[tuple[int, int], int]:
    query = sa.select(order_items.c.order_pk, order_items.c.line, order_items.c.pk)
    rows = work.execute(query.where(in_list(order_items.c.order_pk, order_pks)))
    return {(order_pk, line): pk for order_pk, line, pk in rows}


def _store_loyalty(
    work: Work,
    batch: Sequence[ImportedOrder],
    pks: Mapping[str, int],
    references: ImportedReferences,
) -> None:
    rows = [
        {"order_pk": pks[order.number], "user_pk": references.user_pk(order), **row}
        for order in batch
        for row in order.loyalty_transactions
    ]
    _upsert_by_uuid(work, loyalty_transactions.c.order_pk, rows)


def _store_requests(
    work: Work,
    lines: Iterable[tuple[int, ImportedItem]],
    references: ImportedReferences,
) -> None:
    requests = [(item_pk, request) for item_pk, item in lines for request in item.requests]
    rows = [
        {
            **request.values,
            "order_item_pk": item_pk,
            "reason_pk": references.reason_pk(request.reason["uuid"]),
        }
        for item_pk, request in requests
    ]
    # A line has at most one open request: the one that was open has to be closed first.
    rows.sort(key=lambda row: row["status"] is CancellationStatus.OPEN)
    pks = _upsert_by_uuid(work, cancellation_requests.c.order_item_pk, rows)
    requests_by_pk = [(pks[request.values["uuid"]], request) for _, request in requests]
    request_pks = [pk for pk, _ in requests_by_pk]
    returns = [
        _easy_return_row(pk, request.easy_return)
        for pk, request in requests_by_pk
        if request.easy_return
    ]
    images = [
        {**image, "cancellation_request_pk": pk}
        for pk, request in requests_by_pk
        for image in request.images
    ]
    _replace(work, easy_returns.c.cancellation_request_pk, request_pks, returns)
    _replace(work, cancellation_request_images.c.cancellation_request_pk, request_pks, images)


def _easy_return_row(request_pk: int, easy_return: ImportedEasyReturn) -> Row:
    return {
        **easy_return.values,
        "cancellation_request_pk": request_pk,
        "shipping_company_pk": easy_return.shipping_company.pk,
    }


def _upsert_by_uuid(work: Work, owner: sa.Column[Any], rows: list[Row]) -> dict[UUID, int]:
    """Insert the rows with a new UUID and overwrite the others; return their pks by UUID.

    Raises Rejected for a UUID that occurs twice, or belongs to a row of another owner.
    """
    table = owner.table
    owners = {row["uuid"]: row[owner.key] for row in rows}
    if len(owners) < len(rows):
        raise Rejected("", "A UUID stands in it twice.")
    insert_rows(work, table, rows, Overwrite(("uuid",), unchanged=(owner.key,)))
    stored = sa.select(table.c.uuid, owner, table.c.pk).where(in_list(table.c.uuid, owners))
    existing = work.execute(stored).all() if rows else []
    if any(owners[uuid] != owner_pk for uuid, owner_pk, _ in existing):
        raise Rejected("", "A UUID in it belongs to another order.")
    return {uuid: pk for uuid, _, pk in existing}


def _replace(work: Work, owner: sa.Column[Any], owner_pks: Iterable[int], rows: list[Row]) -> None:
    """Delete the rows of the owners, and insert ``rows``."""
    work.execute(sa.delete(owner.table).where(in_list(owner, owner_pks)))
    insert_rows(work, owner.table, rows)
