"""The lines of imported orders, and what else is a part of an order."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from domain.cancellations import CancellationStatus
from domain.import_parts import Rejected
from domain.imported_cancellations import ImportedEasyReturn
from domain.imported_orders import ImportedItem, ImportedOldOrder, ImportedOrder
from persistence.among import among
from persistence.bulk import Replace, Row, insert_rows
from persistence.cancellations import (
    cancellation_request_images,
    cancellation_requests,
    easy_returns,
)
from persistence.discounts import discount_items
from persistence.imported_references import ImportedReferences
from persistence.loyalty import loyalty_transactions
from persistence.old_orders import old_order_items
from persistence.order_items import order_item_easy_return_companies, order_items


def keep_lines(
    session: Session,
    batch: Sequence[ImportedOrder],
    pks: Mapping[str, int],
    references: ImportedReferences,
) -> None:
    """Store all that is a part of the orders; ``pks`` has the orders' pks by number.

    Raises Rejected when a cancellation request or a loyalty transaction has the UUID of another
    order's.
    """
    lines = [(pks[order.number], item) for order in batch for item in order.items]
    rows = [references.line_row(item, order_pk) for order_pk, item in lines]
    insert_rows(session, order_items, rows, Replace(("order_pk", "line"), kept=("uuid",)))
    line_pks = _line_pks(session, pks.values())
    placed = [(line_pks[order_pk, item.values["line"]], item) for order_pk, item in lines]
    _replace(
        session,
        order_item_easy_return_companies.c.order_item_pk,
        [pk for pk, _ in placed],
        [row for pk, item in placed for row in references.return_company_rows(item, pk)],
    )
    _replace(
        session,
        discount_items.c.order_pk,
        pks.values(),
        [{"order_pk": pks[order.number], **row} for order in batch for row in order.discounts],
    )
    _keep_loyalty(session, batch, pks, references)
    _keep_requests(session, placed, references)


def keep_old_lines(
    session: Session, batch: Sequence[ImportedOldOrder], pks: Mapping[str, int]
) -> None:
    """Store the lines of the old orders; ``pks`` has the old orders' pks by number."""
    rows = [{"old_order_pk": pks[each.number], **item} for each in batch for item in each.items]
    insert_rows(session, old_order_items, rows, Replace(("old_order_pk", "line")))


def _line_pks(session: Session, order_pks: Iterable[int]) -> dict[tuple[int, int], int]:
    found = sa.select(order_items.c.order_pk, order_items.c.line, order_items.c.pk)
    rows = session.execute(found.where(among(order_items.c.order_pk, order_pks)))
    return {(order_pk, line): pk for order_pk, line, pk in rows}


def _keep_loyalty(
    session: Session,
    batch: Sequence[ImportedOrder],
    pks: Mapping[str, int],
    references: ImportedReferences,
) -> None:
    rows = [
        {"order_pk": pks[order.number], "user_pk": references.user_pk(order), **row}
        for order in batch
        for row in order.loyalty_transactions
    ]
    _upsert_own(session, loyalty_transactions.c.order_pk, rows)


def _keep_requests(
    session: Session,
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
    # Only one request of a line is open at any moment: what was open has to be closed before.
    rows.sort(key=lambda row: row["status"] is CancellationStatus.OPEN)
    pks = _upsert_own(session, cancellation_requests.c.order_item_pk, rows)
    placed = [(pks[request.values["uuid"]], request) for _, request in requests]
    request_pks = [pk for pk, _ in placed]
    returns = [
        _easy_return_row(pk, request.easy_return) for pk, request in placed if request.easy_return
    ]
    images = [
        {**image, "cancellation_request_pk": pk}
        for pk, request in placed
        for image in request.images
    ]
    _replace(session, easy_returns.c.cancellation_request_pk, request_pks, returns)
    _replace(session, cancellation_request_images.c.cancellation_request_pk, request_pks, images)


def _easy_return_row(request_pk: int, easy_return: ImportedEasyReturn) -> Row:
    return {
        **easy_return.values,
        "cancellation_request_pk": request_pk,
        "shipping_company_pk": easy_return.shipping_company.pk,
    }


def _upsert_own(session: Session, owner: sa.Column[Any], rows: list[Row]) -> dict[UUID, int]:
    """Insert the rows with a new UUID and replace the others; return their pks by UUID.

    Raises Rejected for a UUID that stands in two rows, or belongs to a row of another owner.
    """
    table = owner.table
    owners = {row["uuid"]: row[owner.key] for row in rows}
    if len(owners) < len(rows):
        raise Rejected("", "A UUID stands in it twice.")
    insert_rows(session, table, rows, Replace(("uuid",), kept=(owner.key,)))
    stored = sa.select(table.c.uuid, owner, table.c.pk).where(among(table.c.uuid, owners))
    found = session.execute(stored).all() if rows else []
    if any(owners[uuid] != owner_pk for uuid, owner_pk, _ in found):
        raise Rejected("", "A UUID in it belongs to another order.")
    return {uuid: pk for uuid, _, pk in found}


def _replace(
    session: Session, owner: sa.Column[Any], owner_pks: Iterable[int], rows: list[Row]
) -> None:
    """Make ``rows`` the only ones that belong to the owners."""
    session.execute(sa.delete(owner.table).where(among(owner, owner_pks)))
    insert_rows(session, owner.table, rows)
