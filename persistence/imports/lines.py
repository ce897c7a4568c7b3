"""Storing the lines and the other parts of imported orders."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from domain.imports.orders import ImportedOldOrder, ImportedOrder
from persistence.imports.parts import replace_parts, upsert_by_uuid
from persistence.imports.references import ImportedReferences
from persistence.imports.requests import store_requests
from persistence.imports.users import ImportedUsers
from persistence.orders.discounts import discount_items
from persistence.orders.loyalty import loyalty_transactions
from persistence.orders.old_orders import old_order_items
from persistence.orders.order_items import order_item_easy_return_companies, order_items
from persistence.sql.bulk import Overwrite, insert_rows
from persistence.sql.columns import OWNER
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
    user_pks = {order.number: references.user_pk(order) for order in batch}
    lines = [
        (pks[order.number], user_pks[order.number], item) for order in batch for item in order.items
    ]
    rows = [references.line_row(item, order_pk, user_pk) for order_pk, user_pk, item in lines]
    insert_rows(work, order_items, rows, Overwrite(("order_pk", "line"), unchanged=("uuid",)))
    line_pks = _line_pks(work, pks.values())
    stored_lines = [
        (line_pks[order_pk, item.values["line"]], user_pk, item)
        for order_pk, user_pk, item in lines
    ]
    companies = [
        row
        for pk, user_pk, item in stored_lines
        for row in references.return_company_rows(item, pk, user_pk)
    ]
    stored_pks = [pk for pk, _, _ in stored_lines]
    replace_parts(work, order_item_easy_return_companies.c.order_item_pk, stored_pks, companies)
    discounts = [
        {"order_pk": pks[order.number], OWNER: user_pks[order.number], **row}
        for order in batch
        for row in order.discounts
    ]
    replace_parts(work, discount_items.c.order_pk, pks.values(), discounts)
    _store_loyalty(work, batch, pks, references)
    store_requests(work, stored_lines, references)


def store_old_lines(
    work: Work,
    batch: Sequence[ImportedOldOrder],
    pks: Mapping[str, int],
    users: ImportedUsers,
) -> None:
    """Store the lines of the old orders; ``pks`` has the old orders' pks by number."""
    rows = [
        {"old_order_pk": pks[old_order.number], OWNER: users.pk(old_order.user), **item}
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
        {"order_pk": pks[order.number], OWNER: references.user_pk(order), **row}
        for order in batch
        for row in order.loyalty_transactions
    ]
    upsert_by_uuid(work, loyalty_transactions.c.order_pk, rows)
